using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator.Phone;

/// <summary>Takes what came over the answer topic, once each: a button's token, words, or that the operator wants to be asked later. What
/// is refused is said, in the log and on the phone. That it was dealt with is recorded with what came of it, in one transaction.</summary>
internal sealed partial class PhoneAnswers(
    Database database, PhoneWords phoneWords, PuttingOff puttingOff, SettingsSource settings, ILogger<PhoneAnswers> log)
{
    /// <summary>What relay doctor publishes to see it come back.</summary>
    public const string Check = "relay-check:";

    private const int MostSaid = 20, LongestWords = 1_000;

    private static readonly TimeSpan CountedFor = TimeSpan.FromHours(1);

    /// <returns>False when it was dealt with before.</returns>
    public async Task<bool> TakeAsync(NtfyLine line, CancellationToken cancellationToken)
    {
        database.ThrowIfDamaged();
        if (await database.ReadAsync(reading => PhoneInbox.IsTakenAsync(reading, line.Id, cancellationToken), cancellationToken))
            return false;
        var access = await phoneWords.AccessAsync(cancellationToken);
        return await database.WriteAsync(writing => TakeAsync(writing, line, access, cancellationToken), cancellationToken);
    }

    private async Task<bool> TakeAsync(Writing writing, NtfyLine line, TopicAccess access, CancellationToken cancellationToken)
    {
        if (await PhoneInbox.IsTakenAsync(writing, line.Id, cancellationToken))
            return false;
        var refusal = line.NoWords is { } why ? why
            : line.Message.StartsWith(Check, StringComparison.Ordinal) ? null
            : IsTap(line) ? await TapAsync(writing, line, access, cancellationToken)
            : await SayAsync(writing, line, access, cancellationToken);
        await RecordAsync(writing, line, refusal, cancellationToken);
        return true;
    }

    private static bool IsTap(NtfyLine line) => line.Message.StartsWith(ButtonToken.Prefix, StringComparison.Ordinal);

    /// <summary>Why it is refused; null when it was taken.</summary>
    private async Task<string?> TapAsync(Writing writing, NtfyLine line, TopicAccess access, CancellationToken cancellationToken) =>
        await ButtonPress.OfAsync(writing, line.Message, settings.Current.Secrets, cancellationToken) switch
        {
            ButtonPress.Refused refused => refused.Reason,
            ButtonPress.Late late =>
                await PhoneWords.IsTakenAsync(writing, line, cancellationToken) ? null : Answers.FirstAnswer(late.Question),
            ButtonPress.Later later =>
                await PuttingOff.LaterAsync(writing, later.Question, LaterWords.Usual.At(database.Clock), cancellationToken),
            ButtonPress.Answer answer => await phoneWords.TakeAsync(
                writing, line, (answer.Words, answer.Question), access, cancellationToken),
            _ => throw new InvalidOperationException(),
        };

    private Task<string?> SayAsync(Writing writing, NtfyLine line, TopicAccess access, CancellationToken cancellationToken) =>
        LaterWords.Parse(line.Message) is { } later
            ? puttingOff.TakeAsync(writing, later, cancellationToken)
            : phoneWords.TakeAsync(writing, line, (line.Message, null), access, cancellationToken);

    private async Task RecordAsync(Writing writing, NtfyLine line, string? refusal, CancellationToken cancellationToken)
    {
        await PhoneInbox.TakenAsync(writing, line.Id, refusal is not null, cancellationToken);
        if (refusal is null)
        {
            writing.OnceCommitted(() => LogTaken(line.Id));
            return;
        }
        writing.OnceCommitted(() => LogRefused(line.Id, Printable.WithoutQuoted(refusal)));
        if (await PhoneInbox.RefusedSinceAsync(writing, writing.Now - CountedFor, cancellationToken) > MostSaid)
            return; // Whoever can write to the topic could fill the phone.
        var words = IsTap(line) || line.NoWords is not null ? "" : $"\n\nYour words: {Excerpt.Of(line.Message, LongestWords)}";
        var page = new NewPage(PageCause.Refused(PhoneWords.Key(line)), "Relay: not taken", refusal + words, Priority: 4, "no_entry");
        await PageStore.QueueAsync(writing, page, cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "Message {MessageId} of the answer topic was taken")]
    private partial void LogTaken(string messageId);

    [LoggerMessage(LogLevel.Warning, "Message {MessageId} of the answer topic is refused: {Reason}")]
    private partial void LogRefused(string messageId, string reason);
}

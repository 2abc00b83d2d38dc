using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator.Phone;

/// <summary>Takes what came over the answer topic, once each: a button's token, words, or that the operator wants to be asked later. What
/// is refused is said, in the log and on the phone. (1) Is it known? (2) Take it, under its id. (3) Record that it was dealt with.
/// </summary>
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
        if (await database.ReadAsync(reading => PhoneInbox.IsTakenAsync(reading, line.Id, cancellationToken), cancellationToken)) // (1)
            return false;
        var refusal = line.Message.StartsWith(Check, StringComparison.Ordinal) ? null
            : IsTap(line) ? await TapAsync(line, cancellationToken)
            : await SayAsync(line, cancellationToken); // (2)
        await database.WriteAsync(writing => RecordAsync(writing, line, refusal, cancellationToken), cancellationToken); // (3)
        return true;
    }

    private static bool IsTap(NtfyLine line) => line.Message.StartsWith(ButtonToken.Prefix, StringComparison.Ordinal);

    /// <summary>Why it is refused; null when it was taken.</summary>
    private async Task<string?> TapAsync(NtfyLine line, CancellationToken cancellationToken)
    {
        var (tap, isTaken) = await database.ReadAsync(
            async reading => (
                await ButtonPress.OfAsync(reading, line.Message, settings.Current.Secrets, cancellationToken),
                await PhoneWords.IsTakenAsync(reading, line, cancellationToken)),
            cancellationToken);
        return tap switch
        {
            ButtonPress.Refused refused => refused.Reason,
            ButtonPress.Late when isTaken => null, // The relay died between (2) and (3).
            ButtonPress.Late late => Answers.FirstAnswer(late.Question),
            ButtonPress.Later later => await puttingOff.LaterAsync(later.Question, LaterWords.Usual.At(database.Clock), cancellationToken),
            ButtonPress.Answer answer => await phoneWords.TakeAsync(
                line, (answer.Words, answer.Question), database.Clock.GetUtcNow(), cancellationToken),
            _ => throw new InvalidOperationException(),
        };
    }

    private Task<string?> SayAsync(NtfyLine line, CancellationToken cancellationToken) => LaterWords.Parse(line.Message) is { } later
        ? puttingOff.TakeAsync(later, cancellationToken)
        : phoneWords.TakeAsync(line, (line.Message, null), database.Clock.GetUtcNow(), cancellationToken);

    private async Task RecordAsync(Writing writing, NtfyLine line, string? refusal, CancellationToken cancellationToken)
    {
        await PhoneInbox.TakenAsync(writing, line.Id, refusal is not null, cancellationToken);
        if (refusal is null)
        {
            writing.OnceCommitted(() => LogTaken(line.Id));
            return;
        }
        writing.OnceCommitted(() => LogRefused(line.Id, refusal));
        if (await PhoneInbox.RefusedSinceAsync(writing, writing.Now - CountedFor, cancellationToken) > MostSaid)
            return; // Whoever can write to the topic could fill the phone.
        var words = IsTap(line) ? "" : $"\n\nYour words: {Excerpt.Of(line.Message, LongestWords)}";
        var page = new NewPage(PageCause.Refused(PhoneWords.Key(line)), "Relay: not taken", refusal + words, Priority: 4, "no_entry");
        await PageStore.QueueAsync(writing, page, cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "Message {MessageId} of the answer topic was taken")]
    private partial void LogTaken(string messageId);

    [LoggerMessage(LogLevel.Warning, "Message {MessageId} of the answer topic is refused: {Reason}")]
    private partial void LogRefused(string messageId, string reason);
}

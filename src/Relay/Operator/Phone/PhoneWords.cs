using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Operator.Phone;

/// <summary>Gives what came from the phone to where all answers go. What lets a session do something counts only where nobody else can
/// read the pages, for they name the answer topic.</summary>
internal sealed class PhoneWords(Answers answers, TopicProtection protection)
{
    public const string Via = "the phone";

    /// <summary>Who may have said it.</summary>
    public Task<TopicAccess> AccessAsync(CancellationToken cancellationToken) => protection.AccessAsync(cancellationToken);

    /// <returns>Why it is refused; null when it was taken.</returns>
    public async Task<string?> TakeAsync(
        Writing writing, NtfyLine line, (string Text, long? Question) words, TopicAccess access, CancellationToken cancellationToken)
    {
        var now = writing.Now;
        var toldAt = line.At < now ? line.At + TimeSpan.FromSeconds(1) : now; // The server tells whole seconds.
        var input = new OperatorInput(words.Text, words.Question, Via, Key(line), UnaskedWelcome: words.Question is null)
        {
            WrittenAt = toldAt < now ? toldAt : now,
            WhyNothingIsAllowed = access switch
            {
                TopicAccess.Protected => null,
                TopicAccess.Unknown => "the server does not say just now whether others may read the topic of your pages",
                _ => "others may read the topic of your pages",
            },
        };
        return await answers.TakeAsync(writing, input, cancellationToken) is Answers.Outcome.Refused refused ? refused.Reason : null;
    }

    /// <summary>Whether this very message was taken before.</summary>
    public static Task<bool> IsTakenAsync(Reading reading, NtfyLine line, CancellationToken cancellationToken) =>
        Answers.IsKnownAsync(reading, Key(line), cancellationToken);

    public static string Key(NtfyLine line) => $"ntfy:{line.Id}";
}

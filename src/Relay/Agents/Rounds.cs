using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Agents;

/// <summary>Bounds what sessions send by themselves in relay mode. A session may make max_rounds rounds until its user enters a prompt, or
/// the operator speaks in its conversation. That there was a prompt is what its own hook says; so all sessions of a name, whatever number
/// it bears, make four times as many in a day until the operator speaks, and nothing that a session says lifts that.</summary>
internal sealed partial class Rounds(Database database, SessionDirectory directory, SettingsSource settings, ILogger<Rounds> log)
{
    private const int Factor = 4;

    /// <summary>A round that may be made, or why not.</summary>
    internal sealed record Leave(ConversationId Conversation, string Family, long Number, string? Refusal);

    /// <summary>Counts a round before it is made, so that many at once cannot pass together.</summary>
    public Task<Leave> TakeAsync(SessionId session, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            var conversation = directory.ConversationOf(session) ?? SessionDirectory.Default;
            var family = FamilyOf(session);
            var count = await RoundStore.CountAsync(writing, session, conversation, family, cancellationToken);
            var cause = PageCause.Rounds(family);
            if (RefusalOf(count) is { } refusal)
            {
                await PageAsync(writing, session, cause, refusal, cancellationToken);
                return new Leave(conversation, family, Number: 0, refusal);
            }
            await PageStore.ClearAsync(writing, cause, cancellationToken);
            var number = await RoundStore.AddAsync(writing, session, conversation, family, cancellationToken);
            return new Leave(conversation, family, number, Refusal: null);
        },
        cancellationToken);

    /// <summary>It was none after all.</summary>
    public Task GiveBackAsync(Leave leave, CancellationToken cancellationToken) => database.WriteAsync(
        writing => RoundStore.RemoveAsync(writing, leave.Conversation, leave.Family, leave.Number, cancellationToken), cancellationToken);

    /// <summary>The session's name without the number that tells it from others of the same name. A session of the configuration is no
    /// other's.</summary>
    public string FamilyOf(SessionId session)
    {
        var name = session.Value;
        while (!directory.IsListed(SessionId.Stored(name)) && Numbered(name) is { } stem)
            name = stem;
        return name[..Math.Min(name.Length, AgentNames.Longest)];
    }

    private static string? Numbered(string name)
    {
        var stem = name.TrimEnd("0123456789".ToCharArray());
        return stem.Length < name.Length && stem.Length > 1 && stem[^1] == '-' ? stem[..^1] : null;
    }

    private string? RefusalOf(RoundCount count)
    {
        var most = settings.Current.Config.Agents.MaxRounds;
        if (count.OfFamily >= Factor * (long)most)
            return $"{count.OfFamily} rounds with the advisor in a day without a word of the operator; "
                + "it goes on after one, or when the day is over";
        return count.OfSession >= most
            ? $"{count.OfSession} rounds with the advisor without a human; it goes on after your next prompt"
            : null;
    }

    private async Task PageAsync(
        Writing writing, SessionId session, PageCause cause, string refusal, CancellationToken cancellationToken)
    {
        var text = $"{session} has stopped: {refusal}.\n\nrelay answer \"@{session}: text\" is such a word.";
        var page = new NewPage(cause, $"Relay: {session} has stopped by itself", text, Priority: 3, "octagonal_sign");
        if (await PageStore.QueueAsync(writing, page, cancellationToken))
            writing.OnceCommitted(() => LogStopped(session, refusal));
    }

    [LoggerMessage(LogLevel.Warning, "{Session} has stopped: {Reason}")]
    private partial void LogStopped(SessionId session, string reason);
}

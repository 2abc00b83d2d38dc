using System.Collections.Concurrent;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Agents;

/// <summary>Bounds what sessions send by themselves in relay mode. A session may make max_rounds rounds until its user enters a prompt, or
/// the operator speaks in its conversation. That there was a prompt is what its own hook says; so all sessions of a name, whatever number
/// it bears, make four times as many in a day until the operator speaks, and nothing that a session says lifts that.</summary>
internal sealed partial class Rounds(Database database, SessionDirectory directory, ILogger<Rounds> log)
{
    public const string Alike = "two rounds in a row said the same, and the advisor answered the same";

    private const int Many = 1_000;

    /// <summary>Of which rounds it was told that they bring nothing new.</summary>
    private readonly ConcurrentDictionary<MessageId, bool> _told = new();

    /// <summary>A round that may be made, or why not.</summary>
    internal sealed record Leave(NewRound Round, long Number, string? Refusal);

    /// <summary>Counts a round before it is made, so that many at once cannot pass together.</summary>
    public Task<Leave> TakeAsync(SessionId session, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            var round = RoundOf(session);
            var count = await RoundStore.CountAsync(writing, session, round.Conversation, round.Family, cancellationToken);
            if (RefusalOf(count) is { } refusal)
            {
                await PageAsync(writing, round, refusal, cancellationToken);
                return new Leave(round, Number: 0, refusal);
            }
            await PageStore.ClearAsync(writing, PageCause.Rounds(round.Family), cancellationToken);
            return new Leave(round, await RoundStore.AddAsync(writing, round, cancellationToken), Refusal: null);
        },
        cancellationToken);

    /// <summary>Another message of a session was refused for the bound of its rounds. The operator hears of it once.</summary>
    public Task RefusedAsync(SessionId session, string refusal, CancellationToken cancellationToken) => database.WriteAsync(
        writing => PageAsync(writing, RoundOf(session), refusal, cancellationToken), cancellationToken);

    public Task MadeAsync(Leave leave, MessageId message, CancellationToken cancellationToken) => database.WriteAsync(
        writing => RoundStore.MadeAsync(writing, leave.Round, leave.Number, message, cancellationToken), cancellationToken);

    /// <summary>Whether the session's last two rounds said the same and were answered the same, and it would say that once more.</summary>
    public async Task<bool> IsSaidAgainAsync(SessionId session, string said, CancellationToken cancellationToken) =>
        await AlikeAsync(session, cancellationToken) is { } last && last.Texts.Said == said;

    /// <summary>Whether a message is the session's last round, and it and its reply say what the round before said. The operator hears of
    /// it, once: the session stops.</summary>
    public async Task<bool> IsRepeatedAsync(SessionId session, MessageId message, CancellationToken cancellationToken)
    {
        if (await AlikeAsync(session, cancellationToken) is not { } last || last.Message != message)
            return false;
        if (_told.Count > Many)
            _told.Clear();
        if (_told.TryAdd(message, true))
            await database.WriteAsync(
                writing => PageAsync(writing, RoundOf(session), Alike, cancellationToken), cancellationToken);
        return true;
    }

    private Task<Last?> AlikeAsync(SessionId session, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var round = RoundOf(session);
            var last = await RoundStore.LastTwoAsync(reading, session, round.Conversation, round.Family, cancellationToken);
            if (last.Count < 2)
                return null;
            var texts = await OfAsync(last[0]);
            return texts is not null && texts == await OfAsync(last[1]) ? new Last(last[0], texts) : null;

            Task<Texts?> OfAsync(MessageId message) => TextsAsync(reading, round, message, cancellationToken);
        },
        cancellationToken);

    private sealed record Last(MessageId Message, Texts Texts);

    private sealed record Texts(string Said, string Reply);

    private static async Task<Texts?> TextsAsync(
        Reading reading, NewRound round, MessageId id, CancellationToken cancellationToken)
    {
        var message = await MessageStore.FindAsync(reading, round.Conversation, id, cancellationToken);
        var reply = await Outbox.ReplyToAsync(reading, message, cancellationToken);
        return message is null || reply is null ? null : new Texts(message.Content, reply.Content);
    }

    private NewRound RoundOf(SessionId session) =>
        new(session, directory.ConversationOf(session) ?? SessionDirectory.Default, FamilyOf(session), RoundWay.Stop);

    /// <summary>It was none after all.</summary>
    public Task GiveBackAsync(Leave leave, CancellationToken cancellationToken) => database.WriteAsync(
        writing => RoundStore.RemoveAsync(writing, leave.Round.Conversation, leave.Round.Family, leave.Number, cancellationToken),
        cancellationToken);

    public string FamilyOf(SessionId session) => RoundBound.FamilyOf(directory, session);

    private string? RefusalOf(RoundCount count) => RoundBound.Refusal(directory, count)
        ?? (count.OfSession >= directory.MaxRounds
            ? $"{count.OfSession} rounds with the advisor without a human; it goes on after your next prompt"
            : null);

    private async Task PageAsync(
        Writing writing, NewRound round, string refusal, CancellationToken cancellationToken)
    {
        var session = round.Session;
        var text = $"{session} has stopped: {refusal}.\n\nrelay answer \"@{session}: text\" is such a word.";
        var page = new NewPage(
            PageCause.Rounds(round.Family), $"Relay: {session} has stopped by itself", text, Priority: 3, "octagonal_sign");
        if (await PageStore.QueueAsync(writing, page, cancellationToken))
            writing.OnceCommitted(() => LogStopped(session, refusal));
    }

    [LoggerMessage(LogLevel.Warning, "{Session} has stopped: {Reason}")]
    private partial void LogStopped(SessionId session, string reason);
}

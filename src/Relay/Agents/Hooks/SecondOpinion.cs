using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Intake;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;
using Relay.Turns;

namespace Relay.Agents.Hooks;

/// <summary>What the advisor said about a client's question.</summary>
/// <param name="Text">Its words, without the token.</param>
/// <param name="Decision">What it decides by itself; null where the operator is asked.</param>
internal sealed record Opinion(string Text, Decision? Decision)
{
    public required OpinionReply Reply { get; init; }
}

/// <summary>An opinion as it stands in the journal.</summary>
/// <param name="Message">To which.</param>
/// <param name="Position">Where.</param>
/// <param name="Whole">All of the reply.</param>
/// <param name="Own">What is for the session that asked.</param>
/// <param name="Beside">The answer in it, beside the rulings in force that it cites; null where it cites none.</param>
internal sealed record OpinionReply(Message Message, long Position, string Whole, string Own, string? Beside);

/// <summary>Asks the advisor before the operator, where the configuration wants it. It is a turn like any other, paid and within the
/// budget; one that is late, held or failed is given up, and the operator is asked at once.</summary>
internal sealed partial class SecondOpinion(
    AgentIntake intake, Holds holds, Database database, ChangeFeed changes, SettingsSource settings)
{
    /// <summary>Longer nobody should wait who could ask the operator.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    private const string ChosenByAdvisor = "chosen by the advisor, not by the user";

    /// <summary>Null when it is not asked, or says nothing in time.</summary>
    public async Task<Opinion?> OfAsync(
        Agent agent, ClientRequest request, ClientWait wait, CancellationToken cancellationToken)
    {
        var config = settings.Current.Config;
        if (!config.Agents.AskAdvisorFirst || !IsItsMatter(request.Asked, config.Agents))
            return null;
        if (await AcceptAsync(agent, wait.Hook, request, cancellationToken) is not { } message)
            return null;
        var half = config.Agents.SubagentPatience / 2;
        var answered = await HoldAsync(message, wait.Subagent is null || half > Patience ? Patience : half, wait, cancellationToken);
        if (answered is null)
            await holds.DropAsync(message, "the advisor was not there in time, and the operator was asked", CancellationToken.None);
        return answered?.ReplyPosition is { } position
            ? Read(request.Asked, await ReplyAsync(answered, position, cancellationToken), config)
            : null;
    }

    /// <summary>Its decision was taken, so what it cites has settled the matter.</summary>
    public Task SettledAsync(Opinion opinion, CancellationToken cancellationToken)
    {
        var reply = opinion.Reply;
        return database.WriteAsync(
            writing => Citations.RecordOnceAsync(writing, reply.Message, reply.Position, reply.Whole, cancellationToken),
            cancellationToken);
    }

    /// <summary>Permissions only where it may give them: a turn for each would cost more than it is worth.</summary>
    private static bool IsItsMatter(ClientAsk asked, AgentsConfig config) =>
        asked is not ClientAsk.Permission permission || config.AdvisorMayAllow.Contains(permission.Tool);

    /// <summary>The same request again, as after a lost connection, is the same message.</summary>
    private async Task<Message?> AcceptAsync(Agent agent, HookEvent hook, ClientRequest request, CancellationToken cancellationToken)
    {
        var content = $"{Instruction(request.Asked)}\n\n{request.Text(agent.Folder)}";
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(content));
        var key = string.Create(CultureInfo.InvariantCulture, $"asked:{agent.Id}:{hook.PromptId}:{Convert.ToHexStringLower(hash)}");
        var incoming = new Incoming(agent.Session, content, key, ReplyChannel.Agent) { IsOpinion = true };
        var (conversation, id) = await intake.AcceptAsync(incoming, cancellationToken) switch
        {
            Inbox.Acceptance.Accepted accepted => (accepted.Conversation, accepted.Message),
            Inbox.Acceptance.Duplicate duplicate => (duplicate.Message.Conversation, duplicate.Message.Id),
            _ => default,
        };
        return id == default
            ? null
            : await database.ReadAsync(reading => MessageStore.FindAsync(reading, conversation, id, cancellationToken), cancellationToken);
    }

    /// <summary>The message once it is answered; null where that is not to be waited for.</summary>
    private async Task<Message?> HoldAsync(
        Message message, TimeSpan limit, ClientWait wait, CancellationToken cancellationToken)
    {
        using var ended = wait.Linked(cancellationToken);
        using var changed = changes.Subscribe(Topic.Replies, message.Id.Value);
        var end = await changed.HoldAsync(
            () => LookAsync(message, cancellationToken), new Hold(limit, Poll), database.Clock, ended.Token);
        return end is { State: MessageState.Answered or MessageState.Placed or MessageState.Consumed } ? end : null;
    }

    /// <summary>Null while it can be answered soon: it is not held, and its conversation does not wait for the operator, nor is paused by
    /// him.</summary>
    private Task<Message?> LookAsync(Message message, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var now = await MessageStore.FindAsync(reading, message.Conversation, message.Id, cancellationToken);
            if (now is not { State: MessageState.Accepted or MessageState.Asking or MessageState.Deferred })
                return now;
            var conversation = await ConversationStore.FindAsync(reading, message.Conversation, cancellationToken);
            var isPaused = conversation?.Pause is not null && now.State != MessageState.Asking; // A call under way goes on to its end.
            return conversation?.OpenQuestion is null && !isPaused ? null : now;
        },
        cancellationToken);

    private Task<OpinionReply> ReplyAsync(Message message, long position, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var entries = await Journal.BetweenAsync(reading, message.Conversation, position - 1, position, cancellationToken);
            var whole = entries.Single().Content;
            var own = (await Replies.SplitAsync(reading, message, whole, cancellationToken)).Own;
            var beside = await Citations.AnswerBesideAsync(reading, message.Conversation, own, cancellationToken);
            return new OpinionReply(message, position, whole, own, beside);
        },
        cancellationToken);

    private static Opinion Read(ClientAsk asked, OpinionReply reply, RelayConfig config)
    {
        var (token, text) = (config.Operator.Token, reply.Own);
        if (Characters.First(text, config.Operator.ScanChars).Contains(token, StringComparison.Ordinal))
            return new Opinion(QuestionText.Without(text, token).Trim(), Decision: null) { Reply = reply };
        var decision = Taken(asked, text);
        if (asked is ClientAsk.Choice && reply.Beside is { } beside) // It is told to cite what an answer rests on.
            decision ??= Taken(asked, beside);
        return new Opinion(text.Trim(), decision) { Reply = reply };
    }

    /// <summary>What the advisor may decide by itself, said clearly; null where it said no such thing.</summary>
    private static Decision? Taken(ClientAsk asked, string text) => (AskedWords.Of(asked, text) as AnswerReading.Clear)?.Decision switch
    {
        Decision.Answered answered when Chose((ClientAsk.Choice)asked, answered) => Marked(answered),
        Decision.Allowed { Always.Count: 0 } allowed when asked is ClientAsk.Permission && Plainly().IsMatch(text) => allowed,
        _ => null,
    };

    /// <summary>The one word that it is told to say: of the operator other words are taken, too.</summary>
    [GeneratedRegex(@"\A\s*allow[.!]*\s*\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Plainly();

    /// <summary>Its own words could be anything, such as that it does not know.</summary>
    private static bool Chose(ClientAsk.Choice asked, Decision.Answered answered) =>
        answered.Answers.Count == asked.Questions.Count && answered.Answers.All(chosen => chosen.Words is null);

    private static Decision.Answered Marked(Decision.Answered answered) => new([.. answered.Answers.Select(Marked)]);

    private static Chosen Marked(Chosen chosen) =>
        chosen with { Note = chosen.Note is { } note ? $"{ChosenByAdvisor}: {note}" : ChosenByAdvisor };

    private string Instruction(ClientAsk asked)
    {
        var token = settings.Current.Config.Operator.Token;
        return asked switch
        {
            ClientAsk.Choice => "Its user is asked to choose. If you know what this project and the operator want, answer in the "
                + "user's place with names or numbers of choices and nothing else, a line for each question, as \"1: 2\" for choice 2 of "
                + "question 1; a line \"note: ...\" below may say why, and cite a ruling. If only the operator can decide, begin with "
                + $"{token} and say what you recommend.",
            ClientAsk.Plan => "It has a plan, which the operator approves or sends back. Say in a few sentences what you recommend, and "
                + "why.",
            _ => "It asks whether it may use a tool. If that is plainly right, answer with the one word allow and nothing else. If not, or "
                + "if the operator should decide, say in a few sentences what you recommend and why.",
        };
    }
}

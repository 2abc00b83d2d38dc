using Relay.Conversations;
using Relay.Operator.Asked;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator;

internal enum QuestionKind
{
    /// <summary>The advisor asks the operator.</summary>
    Escalation,

    /// <summary>The advisor refused to answer.</summary>
    Refusal,

    /// <summary>A session wants to use a tool. The conversation does not wait for the answer.</summary>
    Permission,

    /// <summary>A session's client asks its human to choose. The conversation does not wait, here and below.</summary>
    Choice,

    /// <summary>A session has a plan to be approved.</summary>
    Plan,
}

internal enum QuestionState
{
    Open,
    Answered,

    /// <summary>Nobody waits for the answer any more.</summary>
    Expired,
}

/// <summary>A question to the operator. It stays open until it is answered, for any time and over restarts; only a question of
/// a session's client expires.</summary>
internal sealed record Question(
    long Id,
    ConversationId Conversation,
    MessageId? Message,
    SessionId Session,
    QuestionKind Kind,
    string Text,
    QuestionState State,
    DateTimeOffset AskedAt,
    DateTimeOffset? AnsweredAt,
    string? AnsweredVia,
    string? Answer)
{
    /// <summary>A file's time may be a little behind the clock: it is that of the system's last tick.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);

    /// <summary>Whether it was asked before words were written. A time to come was stored before the clock was set back.</summary>
    public bool WasAskedBefore(DateTimeOffset writtenAt, DateTimeOffset now) => AskedAt <= writtenAt + Tick || AskedAt > now;

    /// <summary>For people: the session, or the operator, whose own words the advisor asks about.</summary>
    public string Whose => Session == SessionId.None ? "your own words" : Session.Value;

    /// <summary>A session's client asks and waits for the answer, not a conversation.</summary>
    public bool IsOfClient => Kind is QuestionKind.Permission or QuestionKind.Choice or QuestionKind.Plan;

    /// <summary>Of its page.</summary>
    public int Priority => IsOfClient ? 4 : 5;

    /// <summary>The structure of what a client asks, as it is stored.</summary>
    public string? Asked { get; init; }

    /// <summary>What the answer to a client came to, as it is stored.</summary>
    public string? Decision { get; init; }

    /// <summary>What a client asks; null for what the advisor asks.</summary>
    public ClientAsk? Ask => IsOfClient ? ClientAsk.Parse(Asked) ?? new ClientAsk.Permission("a tool", Input: null, []) : null;

    public bool IsOpen => State == QuestionState.Open;

    /// <summary>What the advisor offers.</summary>
    public IReadOnlyList<OptionLine> Options => Escalation.OptionsIn(OptionsJson);

    /// <summary>The same as it is stored.</summary>
    public string? OptionsJson { get; init; }

    /// <summary>By when it asked for the answer.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>The key of the option that is taken then; null: none is.</summary>
    public string? DefaultOption { get; init; }

    /// <summary>The key of the option that the answer names.</summary>
    public string? Chosen { get; init; }

    /// <summary>Nobody answered: the default was taken.</summary>
    public bool ByDefault { get; init; }

    /// <summary>The ruling whose place the answer takes.</summary>
    public long? Overturns { get; init; }

    /// <summary>The question that was asked because the default was not right.</summary>
    public long? OverturnedBy { get; init; }

    public OptionLine? OptionOf(string? key) => key is null ? null : Escalation.Named(Options, key);

    /// <summary>As it is when its answer was given up: it waits for another, and no default is taken.</summary>
    public Question Reopened() => this with
    {
        State = QuestionState.Open,
        AnsweredAt = null,
        AnsweredVia = null,
        Answer = null,
        Chosen = null,
        ByDefault = false,
        DefaultOption = null,
    };

    /// <summary>How long it held its conversation up.</summary>
    public TimeSpan Blocked(DateTimeOffset now) => (AnsweredAt ?? now) - AskedAt is var time && time > TimeSpan.Zero ? time : TimeSpan.Zero;

    /// <summary>For whose message it was asked.</summary>
    public string Asker => Session == SessionId.None ? "the operator" : Session.Value;

    /// <summary>As the operator reads it, on a page and in a terminal alike: what hides stands there as its code, and what looks like such
    /// a code is marked. What a client asks was made visible when it was asked; done twice, it would say something else.</summary>
    public string Shown(string token) => Shown(Kind.Word(), Text, token);

    public static string Shown(string kind, string text, string token) =>
        kind == QuestionKind.Permission.Word() || kind == QuestionKind.Choice.Word() || kind == QuestionKind.Plan.Word() ? text
            : Visible.Of(QuestionText.Without(text, token));

    public const string Columns =
        "question_id, conversation_id, message_id, session_id, kind, text, state, asked_at, answered_at, answered_via, answer, "
        + "asked, decision, options, deadline, default_option, chosen, by_default, overturns, overturned_by";

    public static Question From(Row row) => new(
        row.Number(),
        new ConversationId(row.Text()),
        row.TextOrNull() is { } message ? new MessageId(message) : null,
        SessionId.Stored(row.Text()),
        row.Word<QuestionKind>(),
        row.Text(),
        row.Word<QuestionState>(),
        row.Time(),
        row.TimeOrNull(),
        row.TextOrNull(),
        row.TextOrNull())
    {
        Asked = row.TextOrNull(),
        Decision = row.TextOrNull(),
        OptionsJson = row.TextOrNull(),
        Deadline = row.TimeOrNull(),
        DefaultOption = row.TextOrNull(),
        Chosen = row.TextOrNull(),
        ByDefault = row.Flag(),
        Overturns = row.NumberOrNull(),
        OverturnedBy = row.NumberOrNull(),
    };
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Relay.Operator.Asked;

/// <summary>What the operator's words about a client's question come to. It is recorded beside the words, which are kept as they
/// are.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Answered), "answered")]
[JsonDerivedType(typeof(Approved), "approved")]
[JsonDerivedType(typeof(Allowed), "allowed")]
[JsonDerivedType(typeof(Denied), "denied")]
internal abstract record Decision
{
    private Decision() { }

    /// <summary>The answers to a choice; what was left out is not among them.</summary>
    public sealed record Answered(IReadOnlyList<Chosen> Answers) : Decision;

    /// <summary>A plan: as it is, or with other words.</summary>
    public sealed record Approved(bool AcceptEdits, string? Edited) : Decision;

    /// <summary>The use of a tool: this once, and what is written for later.</summary>
    public sealed record Allowed(IReadOnlyList<JsonElement> Always) : Decision;

    /// <summary>A permission is denied, a choice declined, a plan sent back.</summary>
    public sealed record Denied(string Reason) : Decision;

    public string ToJson() => JsonSerializer.Serialize(this, ClientAsk.Format);

    public static Decision? Parse(string? stored) => stored is null ? null : JsonSerializer.Deserialize<Decision>(stored, ClientAsk.Format);

    /// <summary>For a receipt.</summary>
    public string Word(ClientAsk asked) => (this, asked) switch
    {
        (Answered, _) => "answered",
        (Approved { Edited: not null, AcceptEdits: true }, _) => "approved as edited, and edits are accepted from now on",
        (Approved { Edited: not null }, _) => "approved as edited",
        (Approved { AcceptEdits: true }, _) => "approved, and edits are accepted from now on",
        (Approved, _) => "approved",
        (Allowed { Always.Count: > 0 }, _) => "allowed always",
        (Allowed, _) => "allowed",
        (_, ClientAsk.Choice) => "declined",
        (_, ClientAsk.Plan) => "sent back",
        _ => "denied",
    };
}

/// <summary>The answer to one question of a choice: labels of its options, or words of one's own.</summary>
internal sealed record Chosen(string Question, IReadOnlyList<string> Labels)
{
    public string? Words { get; init; }
    public string? Note { get; init; }
}

/// <summary>How an answer to a client's question was read.</summary>
internal abstract record AnswerReading
{
    private AnswerReading() { }

    /// <summary>It is unclear; the reason says what is allowed.</summary>
    public sealed record Refused(string Reason) : AnswerReading;

    public sealed record Clear(Decision Decision) : AnswerReading
    {
        /// <summary>It allows what the question shows, so all of that must have been shown.</summary>
        public bool IsGrant { get; init; }

        /// <summary>It lets the session go on by words that hold all of what it may do.</summary>
        public bool LetsGo { get; init; }

        /// <summary>Of what is allowed, where the words name it.</summary>
        public string? Digest { get; init; }
    }
}

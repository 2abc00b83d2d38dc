using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Relay.Operator.Asked;

/// <summary>What a session's client asks its human, with its structure. It is stored with the question, so that every face can show it and
/// take an answer to it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Choice), "choice")]
[JsonDerivedType(typeof(Plan), "plan")]
[JsonDerivedType(typeof(Permission), "permission")]
internal abstract record ClientAsk
{
    /// <summary>As it is stored, and the decision beside it.</summary>
    internal static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private ClientAsk() { }

    /// <summary>The kind of subagent that asks; null for the session itself.</summary>
    public string? Subagent { get; init; }

    /// <summary>What the advisor said about it; null when it was not asked.</summary>
    public string? Advice { get; init; }

    /// <summary>Questions, each with the answers to choose from.</summary>
    public sealed record Choice(IReadOnlyList<ChoiceQuestion> Questions) : ClientAsk;

    /// <summary>A plan to approve. Its text is null where the client gives none.</summary>
    public sealed record Plan(string? Text) : ClientAsk
    {
        public string? File { get; init; }
    }

    /// <summary>The use of a tool, and what may be allowed for more than this once.</summary>
    public sealed record Permission(string Tool, JsonElement? Input, IReadOnlyList<Suggestion> Suggestions) : ClientAsk;

    public string ToJson() => JsonSerializer.Serialize(this, Format);

    /// <summary>Null where no structure is stored, as with what an older relay asked.</summary>
    public static ClientAsk? Parse(string? stored) => stored is null ? null : JsonSerializer.Deserialize<ClientAsk>(stored, Format);
}

/// <param name="Question">Its text, by which the client knows it.</param>
/// <param name="Header">A word or two.</param>
/// <param name="Options">To choose from.</param>
/// <param name="MultiSelect">Several may be chosen.</param>
internal sealed record ChoiceQuestion(string Question, string Header, IReadOnlyList<ChoiceOption> Options, bool MultiSelect)
{
    /// <summary>For people: the header, or the question where there is none.</summary>
    [JsonIgnore]
    public string Name => Header.Length > 0 ? Header : Question;
}

internal sealed record ChoiceOption(string Label, string Description);

/// <summary>What the client itself offers to write, so that it need not ask again.</summary>
/// <param name="Shown">As people read it: all that it changes, and where.</param>
/// <param name="Update">As the client gave it.</param>
internal sealed record Suggestion(string Shown, JsonElement Update);

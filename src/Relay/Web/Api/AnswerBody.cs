using System.Text.Json;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Operator.Rulings;

namespace Relay.Web.Api;

/// <summary>An answer as a program gives it: words, or its parts.</summary>
/// <param name="Text">The operator's words.</param>
/// <param name="Question">The number of the question.</param>
/// <param name="Id">The same words again have the same.</param>
/// <param name="Digest">Of the permission that is allowed.</param>
/// <param name="Scope">For what the answer holds.</param>
internal sealed record AnswerBody(string? Text, long? Question, string? Id, string? Digest, string? Scope)
{
    /// <summary>To a choice, instead of words.</summary>
    public JsonElement? Answers { get; init; }

    /// <summary>A plan as it shall be, instead of words.</summary>
    public string? Edited { get; init; }

    /// <summary>Beside the approval of a plan; alone it is one.</summary>
    public bool? AcceptEdits { get; init; }

    /// <summary>The text is what is chosen, and nothing else.</summary>
    public bool? Choose { get; init; }

    /// <summary>"watch", or null for the command line.</summary>
    public string? Via { get; init; }

    public string Way => Via is null ? "the command line" : "relay watch";

    public QuestionKind? OnlyFor => Answers is not null || Choose == true ? QuestionKind.Choice
        : Edited is not null || AcceptEdits is not null ? QuestionKind.Plan
        : null;

    /// <summary>What is kept as the answer.</summary>
    public string Words => Answers?.GetRawText()
        ?? (Edited is not null ? $"edited{(AcceptEdits == true ? " and accept edits" : "")}: {Edited}"
            : AcceptEdits == true ? PlanWords.AcceptingEdits(HasText ? Text! : "approve")!
            : Text ?? "");

    private bool HasText => !string.IsNullOrWhiteSpace(Text);

    /// <summary>Parts that contradict each other, or say nothing; null where they are one answer.</summary>
    public string? Fault() =>
        Answers is not null && Edited is not null ? "answers are to a choice and edited is a plan: one of them"
        : HasText && Answers is not null ? "text and answers are two answers: one of them; words of your own go into answers as words"
        : HasText && Edited is not null ? "text and edited are two answers: one of them"
        : Choose == true && (Answers is not null || Edited is not null) ? "choose stands beside text"
        : AcceptEdits is not null && (Answers is not null || Choose == true) ? "accept_edits is for a plan, and this answers a choice"
        : FaultOfAccepting()
        ?? (Answers is { } answers ? ChoiceStructure.FaultOf(answers) : null)
        ?? (OnlyFor is not null && Question is null ? "answers, choose, edited and accept_edits need the number of their question" : null)
        ?? (Via is not (null or "watch") ? "via: watch, or left out" : null)
        ?? (Scope is not null && ScopeWords.Parse(Scope) is null ? $"scope: {ScopeWords.Allowed}" : null)
        ?? (Id is not null && string.IsNullOrWhiteSpace(Id) ? "id, where there is one, must not be empty" : null);

    private string? FaultOfAccepting() => (AcceptEdits, Edited) switch
    {
        (null, _) or (_, not null) => null,
        (true, _) when HasText && PlanWords.AcceptingEdits(Text!) is null =>
            "accept_edits stands beside an approval, as text \"approve\" or edited, and these words are none",
        (false, _) when !HasText => "accept_edits: false alone is no answer",
        (false, _) when PlanWords.AcceptsEdits(Text!) => "the text accepts edits, and accept_edits does not",
        _ => null,
    };
}

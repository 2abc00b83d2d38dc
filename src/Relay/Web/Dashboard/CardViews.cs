using Microsoft.AspNetCore.Components;

namespace Relay.Web.Dashboard;

/// <summary>A question that waits.</summary>
public sealed record CardView(long Id, string Who, string Kind, string Conversation)
{
    public required string Blocks { get; init; }

    public required MomentView AskedAt { get; init; }

    public required string Headline { get; init; }

    /// <summary>What follows the headline; null where there is no more.</summary>
    public MarkupString? Body { get; init; }

    /// <summary>What is to be decided on as it stands.</summary>
    public string? Exact { get; init; }

    /// <summary>There is more of it on its own page.</summary>
    public bool IsCut { get; init; }

    /// <summary>What the advisor said, which was asked first.</summary>
    public string? Advice { get; init; }

    /// <summary>The ruling whose place the answer takes.</summary>
    public long? Overturns { get; init; }

    /// <summary>By when it is to be answered, and what is done then.</summary>
    public string? Deadline { get; init; }

    /// <summary>Of what can be granted by it.</summary>
    public string? Digest { get; init; }

    /// <summary>Answers that a tap gives, the first the one that is loud.</summary>
    public IReadOnlyList<OptionView> Options { get; init; } = [];

    /// <summary>What can be allowed for more than this once, each as it will be written.</summary>
    public IReadOnlyList<OptionView> Always { get; init; } = [];

    public ChoiceView? Choice { get; init; }

    public PlanView? Plan { get; init; }

    /// <summary>For what words can hold; none where an answer is no ruling.</summary>
    public IReadOnlyList<ToView> Scopes { get; init; } = [];

    /// <summary>What was tapped, and can still be taken back.</summary>
    public string? Tapped { get; init; }

    /// <summary>Whether the advisor can be asked back.</summary>
    public bool CanAskBack { get; init; }

    public WordsView? Words { get; init; }

    /// <summary>Until when it is put off; null where it is not.</summary>
    public string? Later { get; init; }

    /// <summary>Until when it can be put off.</summary>
    public IReadOnlyList<ToView> PutOff { get; init; } = [];

    public LedView? Led { get; init; }
}

/// <param name="Words">Of the answer.</param>
/// <param name="Label">On the button.</param>
/// <param name="Detail">Below it.</param>
/// <param name="IsLoud">It is the recommended one.</param>
public sealed record OptionView(string Words, string Label, string? Detail, bool IsLoud);

/// <summary>A field for words.</summary>
/// <param name="Label">For who cannot see the field.</param>
/// <param name="Hint">In it.</param>
/// <param name="Button">That sends them.</param>
/// <param name="As">What they are sent as; null: as they are.</param>
/// <param name="Needed">Nothing is sent without any.</param>
public sealed record WordsView(string Label, string Hint, string Button, string? As, bool Needed);

/// <summary>What a session's client asks its human to choose.</summary>
public sealed record ChoiceView(IReadOnlyList<ChoiceQuestionView> Questions);

/// <param name="Number">From 0 on.</param>
/// <param name="Header">A word or two; empty where there is none.</param>
/// <param name="Text">The question.</param>
/// <param name="IsMulti">Several may be chosen.</param>
/// <param name="Options">To choose from.</param>
public sealed record ChoiceQuestionView(
    int Number, string Header, string Text, bool IsMulti, IReadOnlyList<(string Label, string Description)> Options);

/// <param name="Text">As it was written, to be changed.</param>
/// <param name="CanApprove">All of it is shown.</param>
public sealed record PlanView(string Text, bool CanApprove);

/// <summary>The turns that led to a question.</summary>
/// <param name="Href">Of the conversation at that place.</param>
/// <param name="Turns">None where they are too long for this page.</param>
public sealed record LedView(string Href, IReadOnlyList<(string Speaker, string Text)> Turns);

/// <summary>A question that is not shown in full.</summary>
public sealed record MoreView(long Id, string Who, string Kind, string Headline)
{
    public required string Blocks { get; init; }
}

/// <summary>A question on its own page.</summary>
/// <param name="Card">What was asked.</param>
/// <param name="Outcome">How it was closed; null while it waits.</param>
/// <param name="Answer">In the operator's words.</param>
public sealed record QuestionView(CardView Card, string? Outcome, string? Answer);

/// <summary>A question that was answered, and what is known of what followed.</summary>
public sealed record ReceiptView(long Id, string Who, string Question, string Answer)
{
    public required string Became { get; init; }

    public required bool IsTaken { get; init; }

    public required MomentView At { get; init; }

    /// <summary>By whom it was answered.</summary>
    public required string By { get; init; }

    /// <summary>The ruling that it is, and for what it holds.</summary>
    public long? Ruling { get; init; }

    public string? Scope { get; init; }

    /// <summary>The message whose default can be overturned.</summary>
    public string? Overturn { get; init; }
}

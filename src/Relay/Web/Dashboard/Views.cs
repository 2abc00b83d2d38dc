using Microsoft.AspNetCore.Components;

namespace Relay.Web.Dashboard;

// What the pages show, in words and nothing else. Public, as the parameters of Razor's components have to be.

public sealed record MomentView(string Short, string Full, string Machine);

/// <summary>What every page has around it.</summary>
/// <param name="Title">Of the tab.</param>
/// <param name="Here">Which of the pages it is.</param>
/// <param name="FormToken">That its forms carry.</param>
public sealed record FrameView(string Title, string Here, string FormToken)
{
    /// <summary>What became of what was just done.</summary>
    public NoticeView? Notice { get; init; }
}

/// <param name="Text">What happened.</param>
/// <param name="IsRefusal">It was not done.</param>
/// <param name="Words">The operator's own, which must not be lost.</param>
public sealed record NoticeView(string Text, bool IsRefusal, string? Words = null);

public sealed record NowView(string Heading, string FormToken)
{
    public required IReadOnlyList<CardView> Cards { get; init; }

    /// <summary>Taps that were not taken in the end.</summary>
    public required IReadOnlyList<LostView> Lost { get; init; }

    /// <summary>To whom something can be said: what is sent, and what it is called.</summary>
    public required IReadOnlyList<ToView> To { get; init; }

    public required IReadOnlyList<ReceiptView> Answered { get; init; }

    public required IReadOnlyList<SessionView> Sessions { get; init; }

    /// <summary>How many more sessions there are.</summary>
    public required long MoreSessions { get; init; }

    public required SpendView Spend { get; init; }

    public required HealthView Health { get; init; }
}

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

    /// <summary>Answers that a tap gives, the first the one that is loud.</summary>
    public IReadOnlyList<OptionView> Options { get; init; } = [];

    /// <summary>What was tapped, and can still be taken back.</summary>
    public string? Tapped { get; init; }

    /// <summary>Whether the advisor can be asked back.</summary>
    public bool CanAskBack { get; init; }

    /// <summary>Whether words answer it as they are; of a permission they say why it is denied.</summary>
    public bool TakesWords { get; init; }
}

/// <param name="Words">Of the answer.</param>
/// <param name="Label">On the button.</param>
/// <param name="Digest">Of what is allowed by it.</param>
public sealed record OptionView(string Words, string Label, string? Digest, bool IsLoud);

public sealed record LostView(long Question, string Text, string Reason);

public sealed record ToView(string Value, string Label);

/// <summary>A question that was answered, and what is known of what followed.</summary>
public sealed record ReceiptView(long Id, string Who, string Question, string Answer)
{
    public required string Became { get; init; }

    public required bool IsTaken { get; init; }

    public required MomentView At { get; init; }
}

public sealed record SessionView(string Name, string State, bool WaitsForYou, MomentView? LastSeen);

public sealed record SpendView(string Today, string OfWhat, string? Unknown);

public sealed record HealthView(bool IsWell, string Line, IReadOnlyList<string> Reasons);

/// <summary>A question on its own page.</summary>
/// <param name="Outcome">How it was closed; null while it waits.</param>
public sealed record QuestionView(CardView Card, string? Outcome, string? Answer);

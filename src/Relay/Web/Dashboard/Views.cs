using Microsoft.AspNetCore.Components;

namespace Relay.Web.Dashboard;

// What the pages show, in words and nothing else. Public, as the parameters of Razor's components have to be.

public sealed record MomentView(string Brief, string Full, string Machine);

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
    /// <summary>In full, the longest-blocking first.</summary>
    public required IReadOnlyList<CardView> Cards { get; init; }

    /// <summary>How many wait now: what is put off does not.</summary>
    public required int Waiting { get; init; }

    /// <summary>Of those that follow, a line each.</summary>
    public IReadOnlyList<MoreView> More { get; init; } = [];

    /// <summary>How many there are besides.</summary>
    public int NotShown { get; init; }

    /// <summary>A page that no way has taken; null where there is none.</summary>
    public string? Unsent { get; init; }

    /// <summary>What was settled by precedent just now, without a question.</summary>
    public IReadOnlyList<UseView> Settled { get; init; } = [];

    /// <summary>Taps that were not taken in the end.</summary>
    public required IReadOnlyList<LostView> Lost { get; init; }

    /// <summary>To whom something can be said: what is sent, and what it is called.</summary>
    public required IReadOnlyList<ToView> To { get; init; }

    /// <summary>What the advisor said to the operator's own words, the newest first.</summary>
    public required IReadOnlyList<(MomentView At, string Text)> Replies { get; init; }

    public required IReadOnlyList<ReceiptView> Answered { get; init; }

    public required IReadOnlyList<SessionView> Sessions { get; init; }

    /// <summary>How many more sessions there are.</summary>
    public required long MoreSessions { get; init; }

    public required SpendView Spend { get; init; }

    public required StandingView Standing { get; init; }

    public required HealthView Health { get; init; }
}

public sealed record LostView(long Question, string Text, string Reason);

public sealed record ToView(string Value, string Label);

public sealed record SessionView(string Name, string State, bool WaitsForYou, MomentView? LastSeen);

public sealed record SpendView(string Today, string OfWhat, string? Unknown);

public sealed record HealthView(bool IsWell, string Line, IReadOnlyList<string> Reasons);

public sealed record CostsView(CostRowView Total, string Sum)
{
    public required IReadOnlyList<CostRowView> Days { get; init; }

    /// <summary>Of each day, of a hundred.</summary>
    public required IReadOnlyList<int> Bars { get; init; }

    public required string Highest { get; init; }

    public required IReadOnlyList<CostGroupView> Groups { get; init; }

    public required string? Against { get; init; }
}

public sealed record CostGroupView(string Title, IReadOnlyList<CostRowView> Rows);

public sealed record CostRowView(string Name, long Nano)
{
    public required string Cost { get; init; }

    public required string Calls { get; init; }

    public required string Input { get; init; }

    public required string Output { get; init; }

    public required string CacheShare { get; init; }

    /// <summary>What the same tokens would have cost without a cache, at today's prices; empty where a model has none.</summary>
    public required string Without { get; init; }

    /// <summary>Its days; null where it is one.</summary>
    public DayPlot? Plot { get; init; }
}

/// <summary>A bar a day.</summary>
/// <param name="Path">Within 120 by 24, for SVG.</param>
/// <param name="Told">The same in words.</param>
public sealed record DayPlot(string Path, string Told);

public sealed record ConversationListView(IReadOnlyList<ConversationLineView> All);

public sealed record ConversationLineView(string Name, string Href, string Size)
{
    public string? Paused { get; init; }
}

/// <summary>A part of a conversation's journal, oldest first.</summary>
public sealed record ConversationView(string Name, string Href)
{
    public required IReadOnlyList<EntryView> Entries { get; init; }

    /// <summary>That the operator has paused it.</summary>
    public PausedView? Paused { get; init; }

    /// <summary>The part before it; null where it is the first.</summary>
    public string? Older { get; init; }

    /// <summary>The part after it; null where it is the last.</summary>
    public string? Newer { get; init; }
}

public sealed record EntryView(long Position, string Speaker, MomentView At, MarkupString Text)
{
    /// <summary>What of its text is not shown here.</summary>
    public string? Cut { get; init; }

    public string? Covers { get; init; }

    public string? LeftOut { get; init; }

    /// <summary>The rulings that it rests on.</summary>
    public IReadOnlyList<long> Rulings { get; init; } = [];

    /// <summary>Of the message it holds or answers.</summary>
    public string? Message { get; init; }
}

public sealed record MessageView(string Id, string From, string Conversation, string ConversationHref, string State)
{
    public required MarkupString Text { get; init; }

    public required IReadOnlyList<(MomentView At, string What)> Life { get; init; }

    public required IReadOnlyList<MessageCallView> Calls { get; init; }

    public string? Where { get; init; }

    public MarkupString? Reply { get; init; }

    /// <summary>The rulings that its reply rests on.</summary>
    public IReadOnlyList<UseView> Settled { get; init; } = [];
}

public sealed record MessageCallView(
    MomentView At, string State, string Model, string Input, string CacheWrite, string CacheRead, string Output, string Cost);

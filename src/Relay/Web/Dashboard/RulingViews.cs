namespace Relay.Web.Dashboard;

/// <summary>Rulings, those in force or those that count no more.</summary>
public sealed record RulingsView(bool IsOfEnded, IReadOnlyList<RulingView> Rulings)
{
    /// <summary>How many there are.</summary>
    public required string Count { get; init; }

    /// <summary>What calls carry of them.</summary>
    public string? Carried { get; init; }

    /// <summary>Which to retire so that calls carry no more than they may.</summary>
    public IReadOnlyList<ProposedView> Proposal { get; init; } = [];

    /// <summary>What each figure counts, and the figure.</summary>
    public IReadOnlyList<(string Name, string Figure, string Detail)> Figures { get; init; } = [];

    /// <summary>The newest first.</summary>
    public IReadOnlyList<UseView> Uses { get; init; } = [];

    public string? Newer { get; init; }

    public string? Older { get; init; }
}

/// <summary>A word of the operator.</summary>
/// <param name="Scope">For what it holds, as a word of the form.</param>
public sealed record RulingView(long Id, string Scope, string Words)
{
    public required string HoldsFor { get; init; }

    public required MomentView At { get; init; }

    /// <summary>What was asked; null for words that nobody asked for.</summary>
    public string? Asked { get; init; }

    public long? Question { get; init; }

    /// <summary>How often it was cited, and when last.</summary>
    public required string Cited { get; init; }

    /// <summary>Since when and why it counts no more; null while it is in force.</summary>
    public string? Ended { get; init; }

    /// <summary>The ruling in whose place it is, or that has its place.</summary>
    public long? SupersededBy { get; init; }
}

public sealed record ProposedView(long Ruling, string Why);

/// <summary>A reply that rests on a ruling.</summary>
/// <param name="Id">Of the use.</param>
/// <param name="Ruling">Which.</param>
/// <param name="Who">Wrote the message.</param>
/// <param name="Text">Its beginning.</param>
/// <param name="Href">Of the message.</param>
public sealed record UseView(long Id, long Ruling, string Who, string Text, string Href)
{
    public required MomentView At { get; init; }

    /// <summary>The question that was asked because it was overturned.</summary>
    public long? OverturnedBy { get; init; }
}

/// <summary>A ruling on its own page.</summary>
public sealed record OneRulingView(RulingView Ruling, IReadOnlyList<UseView> Uses);

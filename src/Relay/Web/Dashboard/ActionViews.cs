namespace Relay.Web.Dashboard;

/// <summary>What stands still by a cause or by the operator's word.</summary>
/// <param name="Held">How many messages are held; null for none.</param>
public sealed record StandingView(IReadOnlyList<PausedView> Paused, string? Held);

public sealed record PausedView(string Name, string Href, string Words);

public sealed record HeldListView(IReadOnlyList<HeldView> All)
{
    public required int More { get; init; }
}

public sealed record HeldView(string Conversation, string Id, string Href)
{
    public required string Who { get; init; }

    public required string Reason { get; init; }

    public required MomentView Since { get; init; }

    public required string Text { get; init; }

    /// <summary>What the button says; null where nothing can be tried again.</summary>
    public required string? Retry { get; init; }
}

/// <param name="Day">For which a cap can be said, UTC.</param>
/// <param name="Line">What is spent of the cap; null where none is kept.</param>
/// <param name="Amount">The cap, for the field.</param>
/// <param name="Until">When the day is over.</param>
public sealed record CapView(string Day, string? Line, string Amount, string Until)
{
    public required string? Reserved { get; init; }

    public required string? Month { get; init; }

    /// <summary>What was said of this day, newest first.</summary>
    public required IReadOnlyList<(MomentView At, string What)> Said { get; init; }

    public required int Held { get; init; }
}

namespace Relay.Web.Watching;

/// <summary>What relay watch shows: the same order and words as the Now page.</summary>
/// <param name="Version">Of the changes that it has seen: told with the next request, which is held until there are others.</param>
/// <param name="At">When it was read, by the clock.</param>
internal sealed record WatchView(long Version, string At, string Heading)
{
    public required IReadOnlyList<WatchCard> Questions { get; init; }

    /// <summary>What the advisor said to the operator's own words, newest first.</summary>
    public required IReadOnlyList<WatchReply> Replies { get; init; }

    public required IReadOnlyList<WatchReceipt> Answered { get; init; }

    public required IReadOnlyList<WatchSession> Sessions { get; init; }

    public required long MoreSessions { get; init; }

    /// <summary>Oldest first.</summary>
    public required IReadOnlyList<WatchEntry> Events { get; init; }

    /// <summary>To whom something can be said: what is sent, and what it is called.</summary>
    public required IReadOnlyList<WatchTo> To { get; init; }

    public required string Spend { get; init; }

    public required bool IsWell { get; init; }

    public required string Health { get; init; }

    /// <summary>The question that was asked for, in full; null where none was, or there is none of that number.</summary>
    public required WatchQuestion? Question { get; init; }
}

internal sealed record WatchCard(long Id, string Who, string Kind, string Blocks, string Headline);

internal sealed record WatchReply(string Message, string Conversation, string At, string Words, string Text);

internal sealed record WatchReceipt(long Id, string Who, string Question, string Became);

internal sealed record WatchSession(string Name, string State, string Seen, bool WaitsForYou);

internal sealed record WatchEntry(string At, string Who, string Text);

internal sealed record WatchTo(string Value, string Label);

/// <summary>A question as it is decided on.</summary>
/// <param name="Text">All of it, made visible.</param>
/// <param name="Outcome">How it was closed; null while it is open.</param>
internal sealed record WatchQuestion(long Id, string Who, string Kind, string Conversation, string Text, string? Outcome)
{
    /// <summary>That a key gives.</summary>
    public required IReadOnlyList<WatchOption> Options { get; init; }

    /// <summary>How it is answered in words, by when, and what happens then.</summary>
    public required string HowTo { get; init; }

    /// <summary>Without it nothing can be allowed.</summary>
    public string? Digest { get; init; }

    public bool CanAskBack { get; init; }

    public bool IsOpen => Outcome is null;
}

/// <param name="Key">That is pressed.</param>
/// <param name="Words">That are sent.</param>
/// <param name="Grants">It lets a session do something, so all of the question must have been shown.</param>
internal sealed record WatchOption(string Key, string Words, string Label, bool Grants);

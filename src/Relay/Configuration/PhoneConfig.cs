namespace Relay.Configuration;

/// <summary>What of a page leaves this machine.</summary>
internal enum PageContent
{
    Full,
    Title,

    /// <summary>Not even the title: only that something waits, and its number.</summary>
    None,
}

/// <summary>When a page has buttons that answer. With them, whoever reads the topic can answer.</summary>
internal enum PageButtons
{
    /// <summary>Where the server lets nobody read the topic without a token.</summary>
    Protected,

    /// <summary>On an open topic as well, for the configuration says so.</summary>
    Open,

    Off,
}

/// <summary>How the operator is reached, and answers, away from this machine.</summary>
internal sealed record PhoneConfig
{
    public PageContent Content { get; init; } = PageContent.Full;
    public PageButtons Buttons { get; init; } = PageButtons.Protected;

    /// <summary>After so long without an answer a question is paged again; null: it is not.</summary>
    public TimeSpan? RemindAfter { get; init; } = TimeSpan.FromMinutes(30);

    public IReadOnlyList<SecondWay> SecondWays { get; init; } = [];

    /// <summary>Null: pages may make noise at any time.</summary>
    public QuietHours? Quiet { get; init; }

    /// <summary>When the day's digest goes out; null: there is none.</summary>
    public TimeOnly? Digest { get; init; }

    /// <summary>Whether a page makes no noise.</summary>
    public bool Silences(int priority, DateTimeOffset at, TimeProvider clock, DateTimeOffset? deadline) =>
        Quiet?.Silences(priority, at, clock, deadline) == true;

    public bool SameAs(PhoneConfig other) => this == other with { SecondWays = SecondWays } && SecondWays.SequenceEqual(other.SecondWays);
}

namespace Relay.Running;

/// <summary>Work that is done again and again: a batch, and when there was nothing to do, a wait for the topic or the poll
/// interval.</summary>
internal interface ILoop
{
    /// <summary>What it does, in words for the status and a page: "sending pages".</summary>
    string Name { get; }

    /// <summary>Null when only time brings it work.</summary>
    Topic? WakesOn { get; }

    /// <summary>How long to wait when no change is heard. Read after each batch, so it may follow what the batch found.</summary>
    TimeSpan Poll { get; }

    /// <summary>Between two passes, however much happens: what comes in meanwhile is dealt with together.</summary>
    TimeSpan Rest => TimeSpan.Zero;

    /// <summary>Its last batch does not show that what failed before works again.</summary>
    bool IsUncertain => false;

    /// <summary>One pass; how much was done, 0 when there was nothing to do.</summary>
    Task<int> RunBatchAsync(CancellationToken cancellationToken);

    /// <summary>After the last batch, when the relay stops: what the loop started is brought to an end.</summary>
    Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

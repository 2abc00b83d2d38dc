using Microsoft.Extensions.Time.Testing;

namespace Relay.Tests.Testing;

/// <summary>A clock the test holds, and that somebody can set, as a machine's: what is timed goes on by the time that passes.</summary>
internal sealed class MachineClock() : FakeTimeProvider(new DateTimeOffset(2026, 8, 1, 9, 0, 0, TimeSpan.Zero))
{
    private TimeSpan _set;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _set;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    public void Set(TimeSpan by) => _set += by;
}

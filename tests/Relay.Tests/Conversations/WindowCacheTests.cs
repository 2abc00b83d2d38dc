using Relay.Conversations;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class WindowCacheTests
{
    private static readonly ConversationId First = new("first");
    private static readonly ConversationId Second = new("second");

    [Fact]
    public void What_is_kept_is_found_until_there_is_too_much_and_then_the_least_used_goes()
    {
        var cache = new WindowCache(largestTotal: 10_000);
        var third = new ConversationId("third");
        cache.Keep(First, WindowOf(1_000));
        cache.Keep(First, WindowOf(4_000));
        cache.Keep(Second, WindowOf(4_000));
        Assert.Equal(4_000, cache.Find(First)!.Characters);

        cache.Keep(third, WindowOf(4_000));

        Assert.Null(cache.Find(Second));
        Assert.Equal((4_000, 4_000), (cache.Find(First)!.Characters, cache.Find(third)!.Characters));
    }

    [Fact]
    public void The_one_used_last_is_kept_however_large()
    {
        var cache = new WindowCache(largestTotal: 10_000);
        cache.Keep(First, WindowOf(4_000));

        cache.Keep(Second, WindowOf(1_000_000));

        Assert.Null(cache.Find(First));
        Assert.Equal(1_000_000, cache.Find(Second)!.Characters);
        cache.Clear();
        Assert.Null(cache.Find(Second));
    }

    private static ContextWindow WindowOf(int characters) =>
        new(
            [],
            Summary: null,
            [new Entry(Position: 1, EntryRole.User, "s", "", characters, CoversThrough: null, DateTimeOffset.UnixEpoch)]);
}

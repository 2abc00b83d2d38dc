using Relay.Conversations;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class WindowCacheTests
{
    private static readonly ConversationId First = new("first");
    private static readonly ConversationId Second = new("second");

    [Fact]
    public void What_is_kept_is_found_until_there_is_too_much_of_it()
    {
        var cache = new WindowCache();

        cache.Keep(First, WindowOf(1_000));
        cache.Keep(First, WindowOf(6_000_000));
        Assert.Equal(6_000_000, cache.Find(First)!.Characters);
        Assert.Null(cache.Find(Second));

        cache.Keep(Second, WindowOf(6_000_000));
        Assert.Null(cache.Find(First));

        cache.Keep(First, WindowOf(6_000_000));
        Assert.Equal(6_000_000, cache.Find(First)!.Characters);
    }

    private static ContextWindow WindowOf(int characters) =>
        new([], Summary: null, [new Entry(Position: 1, EntryRole.User, "s", "", characters, CoversThrough: null, DateTimeOffset.UnixEpoch)]);
}

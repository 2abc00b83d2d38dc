using Relay.Running;
using Xunit;

namespace Relay.Tests.Running;

public sealed class MemoryRoomTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_has_no_room_waits_in_line_and_the_first_of_it_gets_what_is_given_back()
    {
        var room = new MemoryRoom(total: 100);
        var first = await room.TakeAsync(60, CancellationToken);
        var large = room.TakeAsync(70, CancellationToken);
        var small = room.TakeAsync(10, CancellationToken); // There is room for it, but the large one would never be alone enough.

        Assert.False(large.IsCompleted);
        Assert.False(small.IsCompleted);

        first.Dispose();
        first.Dispose(); // Twice gives nothing back twice.
        (await large).Dispose();
        (await small).Dispose();
        Assert.True((await room.TakeAsync(100, CancellationToken)).IsAlone);
    }

    [Fact]
    public async Task What_is_larger_than_all_of_it_has_it_alone()
    {
        var room = new MemoryRoom(total: 100);
        using var small = await room.TakeAsync(1, CancellationToken);
        var larger = room.TakeAsync(1_000, CancellationToken);

        Assert.False(larger.IsCompleted);
        small.Dispose();

        Assert.True((await larger).IsAlone);
        Assert.False(small.IsAlone);
    }

    [Fact]
    public async Task Who_leaves_the_line_is_in_nobody_s_way()
    {
        var room = new MemoryRoom(total: 100);
        using var first = await room.TakeAsync(60, CancellationToken);
        using var leaving = new CancellationTokenSource();
        var large = room.TakeAsync(70, leaving.Token);
        var small = room.TakeAsync(10, CancellationToken);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        (await small).Dispose();
    }

    [Theory]
    [InlineData(32L << 20, false)]
    [InlineData(300L << 20, true)]
    public void On_a_machine_with_memory_nothing_waits(long total, bool isPlenty) =>
        Assert.Equal(isPlenty, new MemoryRoom(total).IsPlenty);
}

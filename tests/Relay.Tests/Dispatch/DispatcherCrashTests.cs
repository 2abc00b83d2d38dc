using Relay.Dispatch;
using Xunit;

namespace Relay.Tests.Dispatch;

/// <summary>The relay is killed between two steps of placing a reply.</summary>
public sealed class DispatcherCrashTests : DispatchTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Killed_after_any_step_each_reply_is_placed_exactly_once(int step)
    {
        await AnswerAsync("s", "one", "two");
        await StepsAsync(step);

        await _relay.RestartAsync();
        await PlaceAsync();
        await PlaceAsync();

        Assert.Equal("one", _relay.Consume("s"));
        await PlaceAsync();
        Assert.Equal("two", _relay.Consume("s"));
        await PlaceAsync();
        Assert.Null(_relay.Consume("s"));
        Assert.Empty(Directory.GetFiles(_relay.Home.Staged));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_reply_taken_while_the_relay_was_dead_does_not_come_again(int step)
    {
        await AnswerAsync("s", "one", "two");
        await StepsAsync(step);
        Assert.Equal("one", _relay.Consume("s"));

        await _relay.RestartAsync();
        await PlaceAsync();
        await PlaceAsync();

        Assert.Equal("two", _relay.Consume("s"));
    }

    /// <summary>Does the dispatcher's own steps up to the given one, as if the process was killed after it.</summary>
    private async Task StepsAsync(int step)
    {
        var folder = _relay.Get<FolderChannel>();
        var reply = Assert.Single(await _relay.ReadAsync(reading => Outbox.FolderHeadsAsync(reading, CancellationToken)));
        if (step >= 1)
            folder.Stage(reply.Id, reply.Content);
        if (step >= 2)
            await _relay.WriteAsync(writing => Outbox.StagedAsync(writing, reply, CancellationToken));
        if (step >= 3)
            Assert.True(folder.Place(reply, "advisor"));
        if (step >= 4)
            await _relay.WriteAsync(writing => Outbox.PlacedAsync(writing, reply, CancellationToken));
    }
}

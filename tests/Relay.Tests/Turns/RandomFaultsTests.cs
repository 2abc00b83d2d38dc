using Relay.Conversations;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>Whatever goes wrong, in whatever order: every message is answered or given up in the end, once, and the bill is
/// bounded.</summary>
public sealed class RandomFaultsTests(ITestOutputHelper output)
{
    private const int Steps = 2_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task After_thousands_of_random_faults_nothing_is_lost_said_twice_or_paid_without_a_bound(int seed)
    {
        await using var world = await FaultyWorld.StartAsync(seed);
        for (var step = 0; step < Steps; step++)
        {
            await world.StepAsync();
            if (step % 20 == 0)
                await world.AssertNothingStrandedAsync();
        }
        await world.SettleAsync();

        var messages = await world.Relay.MessagesAsync();
        output.WriteLine(
            $"seed {seed}: {Steps} random steps ({world.Done}), {messages.Count} messages, "
            + $"{messages.Count(message => message.State == MessageState.Answered)} answered, "
            + $"{messages.Count(message => message.State == MessageState.Dead)} given up, "
            + $"{world.Requests} calls, {world.Paid} perhaps paid");
        Assert.All(
            messages,
            message => Assert.False(message.IsUnanswered, $"{message.Id} is {message.State} {message.Cause} {message.Reason}"));
        Assert.Equal(world.Consumed.Distinct(), world.Consumed);
        Assert.InRange(world.Paid, 1, 3 * messages.Count);
    }
}

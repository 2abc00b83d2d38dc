using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>The agents' part of <see cref="Finished"/>: turns by Stop hooks in relay mode, and ten waiting hooks of one session that has
/// had all those replies.</summary>
internal static class FinishedByAgents
{
    private const int FirstTurns = 20, Waiters = 10;
    private static readonly IReadOnlyList<string> Agents = Bed.Speakers("default", 5);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(int messages, CancellationToken cancellationToken)
    {
        await using var emptyBed = await MakeAsync(messages: 0, cancellationToken);
        await using var fullBed = await MakeAsync(messages, cancellationToken);
        await using var empty = await RelayProcess.StartAsync(emptyBed.Home, cancellationToken);
        await using var full = await RelayProcess.StartAsync(fullBed.Home, cancellationToken);
        var processor = await Finished.CompareAsync(
            "with agents' sessions",
            turns => RunAsync(empty, Agents, turns, cancellationToken),
            turns => RunAsync(full, Agents, turns, cancellationToken));
        return [processor, .. await WaitAsync(empty, full, cancellationToken)];
    }

    private static async Task<Bed> MakeAsync(int messages, CancellationToken cancellationToken)
    {
        var bed = await Bed.MakeAsync(Agents, "agents:\n  max_rounds: 1000\n");
        await using (var relay = await RelayProcess.StartAsync(bed.Home, cancellationToken))
        {
            await RunAsync(relay, Agents.Take(1), FirstTurns, cancellationToken);
            await FilledStore.FinishedAsync(bed.Home.Paths.DatabaseFile, cancellationToken);
        }
        if (messages > 0)
            FilledStore.AddFinishedMessages(bed.Home.Paths.DatabaseFile, messages);
        return bed;
    }

    /// <summary>So many turns, the agents at once and each one after the other.</summary>
    private static async Task<TurnCost> RunAsync(
        RelayProcess relay, IEnumerable<string> agents, int turns, CancellationToken cancellationToken)
    {
        using var client = new Client(relay.Url);
        var (left, before) = (turns, Usage.Of(relay.Id));
        await Task.WhenAll(agents.Select(async agent =>
        {
            await client.HookAsync("UserPromptSubmit", agent, agent, says: null, cancellationToken);
            for (int turn; (turn = Interlocked.Decrement(ref left)) >= 0;) // With other words each time, or the relay ends it.
            {
                var answer = await client.HookAsync("Stop", agent, agent, $"Shall I go on? {turn} are left.", cancellationToken);
                if (!answer.Contains("\"block\"", StringComparison.Ordinal))
                    throw new InvalidOperationException($"the stop of {agent} was not held for a reply: {answer}\n{relay.Output}");
            }
        }));
        return new TurnCost(Usage.Of(relay.Id).Since(before), turns);
    }

    private static async Task<IReadOnlyList<Figure>> WaitAsync(RelayProcess empty, RelayProcess full, CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var emptyClient = new Client(empty.Url);
        using var fullClient = new Client(full.Url);
        var waits = new List<Task<string>>();
        foreach (var client in (Client[])[emptyClient, fullClient])
            for (var waiter = 1; waiter <= Waiters; waiter++)
            {
                await client.HookAsync("SessionStart", $"waiter-{waiter}", Agents[0], says: null, cancellationToken);
                waits.Add(client.GetAsync($"agents/waiter-{waiter}/wait", leaving.Token));
            }
        var idle = await Idle.WatchAsync([empty.Id, full.Id], cancellationToken);
        if (waits.Find(wait => wait.IsCompleted) is { } ended)
            throw new InvalidOperationException($"a waiting hook did not wait: {await ended}\n{full.Output}");
        await leaving.CancelAsync();
        foreach (var wait in waits)
            await ((Task)wait).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Idle.Figures("ten waiting hooks, 100,000 old replies", idle[1], against: idle[0]);
    }
}

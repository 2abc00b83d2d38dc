namespace Relay.Bench;

/// <summary>The relay and the floor side by side, each idle while the other works.</summary>
internal sealed class Duel(Contender relay, Contender floor) : IAsyncDisposable
{
    public Contender Relay => relay;

    public Contender Floor => floor;

    public static async Task<Duel> StartAsync(IReadOnlyCollection<string> sessions, CancellationToken cancellationToken) => new(
        await Contender.RelayAsync(await Bed.MakeAsync(sessions), cancellationToken),
        await Contender.FloorAsync(await Bed.MakeAsync(sessions), cancellationToken));

    public async Task<(TurnCost Relay, TurnCost Floor)> RunAsync(
        IReadOnlyList<string> sessions, int waiting, int turns, CancellationToken cancellationToken) => (
        await relay.RunAsync(sessions, waiting, turns, cancellationToken),
        await floor.RunAsync(sessions, waiting, turns, cancellationToken));

    public async ValueTask DisposeAsync()
    {
        await relay.DisposeAsync();
        await floor.DisposeAsync();
        await relay.Bed.DisposeAsync();
        await floor.Bed.DisposeAsync();
    }
}

using System.Globalization;

namespace Relay.Bench;

/// <summary>What a turn costs the relay and the floor once both are warm, with the queue kept full: stretches of both in turn, the middle one of each counts.</summary>
internal static class Turns
{
    private const int Stretches = 3, PerStretch = 400, WarmUp = 1_500, SessionsOfOne = 5, WaitingOfOne = 40;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var relay = await Contender.RelayAsync(await Bed.MakeAsync(Config()), cancellationToken);
        await using var floor = Contender.Floor(await Bed.MakeAsync());
        foreach (var contender in (Contender[])[relay, floor])
            await contender.RunAsync(Sessions("warm"), WaitingOfOne, WarmUp, cancellationToken);

        var (relays, floors) = (new List<TurnCost>(), new List<TurnCost>());
        for (var stretch = 1; stretch <= Stretches; stretch++)
        {
            relays.Add(await relay.RunAsync(Sessions($"one{stretch}"), WaitingOfOne, PerStretch, cancellationToken));
            floors.Add(await floor.RunAsync(Sessions($"one{stretch}"), WaitingOfOne, PerStretch, cancellationToken));
        }
        return Figures("one conversation", relays, floors);
    }

    private static IReadOnlyList<Figure> Figures(string what, List<TurnCost> relays, List<TurnCost> floors)
    {
        return
        [
            Of("turns a second", "/s", cost => cost.PerSecond, Goal.AtLeast, 0.9),
            Of("processor time a turn", "ms", cost => cost.ProcessorMilliseconds, Goal.AtMost, 1.5),
            Of("written a turn (write_bytes)", "KiB", cost => cost.KibibytesWritten, Goal.AtMost, 1.4),
        ];

        Figure Of(string name, string unit, Func<TurnCost, double> value, Goal goal, double target) =>
            new($"{what}: {name}", Median(relays.Select(value)), unit, goal, target, Yardstick.Floor(Median(floors.Select(value))));
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Stretches / 2);

    private static List<string> Sessions(string conversation) =>
        [.. Enumerable.Range(1, SessionsOfOne).Select(number => string.Create(CultureInfo.InvariantCulture, $"{conversation}_session-{number}"))];

    private static string Config() => "sessions:\n" + string.Concat(
        Enumerable.Range(1, Stretches).Select(stretch => $"one{stretch}").Prepend("warm")
            .SelectMany(conversation => Sessions(conversation).Select(id => $"  - session_id: {id}\n    conversation: {conversation}\n")));
}

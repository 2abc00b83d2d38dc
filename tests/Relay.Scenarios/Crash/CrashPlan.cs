using System.Globalization;

namespace Relay.Scenarios.Crash;

/// <summary>How one run of the relay ends.</summary>
internal abstract record Death
{
    private Death() { }

    /// <summary>The relay kills itself when it passes a step for the N-th time.</summary>
    public sealed record AtStep(string Step, int Passing) : Death
    {
        public string Variable => string.Create(CultureInfo.InvariantCulture, $"{Step}:{Passing}");
    }

    /// <summary>The relay is killed that long after its start, whether it is ready or not.</summary>
    public sealed record AtMoment(TimeSpan After) : Death;
}

/// <summary>How the relay is killed, run after run, in random order: at the first passing of every step,
/// at a later passing of some steps, and at random moments.</summary>
internal static class CrashPlan
{
    public static readonly IReadOnlyList<string> Steps =
    [
        "accept-1-read", "accept-2-durable", "accept-3-removed",
        "turn-1-claimed", "turn-2-called", "turn-2-staged", "turn-3-committed",
        "summary-1-started", "summary-2-called", "summary-3-added",
        "place-0-ready", "place-1-staged-file", "place-2-staged", "place-2-described", "place-3-renamed", "place-4-placed",
        "place-5-consumed",
        "page-1-sent", "page-2-recorded",
        "answer-1-read", "answer-2-taken", "answer-3-removed",
    ];

    public static bool NeedsQuestion(Death death) =>
        death is Death.AtStep { Step: var step } && (IsOf("page", step) || IsOf("answer", step));

    public static IReadOnlyList<Death> Make(int kills, int laterPassings, Random random)
    {
        var often = Steps.Where(step => !IsOf("answer", step) && !IsOf("summary", step)).ToArray(); // Passed more than once in a run.
        var deaths = new List<Death>(Steps.Select(step => new Death.AtStep(step, 1)));
        deaths.AddRange(Enumerable.Range(0, laterPassings).Select(_ => new Death.AtStep(often[random.Next(often.Length)], 2)));
        while (deaths.Count < kills)
            deaths.Add(new Death.AtMoment(TimeSpan.FromMilliseconds(random.Next(150, 1_700))));
        var order = deaths.ToArray();
        random.Shuffle(order);
        return order;
    }

    private static bool IsOf(string group, string step) => step.StartsWith(group + "-", StringComparison.Ordinal);
}

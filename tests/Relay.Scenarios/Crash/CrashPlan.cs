using System.Globalization;

namespace Relay.Scenarios.Crash;

/// <summary>How one life of the relay ends.</summary>
internal abstract record Death
{
    private Death() { }

    /// <summary>It kills itself at the N-th passing of a step.</summary>
    public sealed record AtStep(string Step, int Passing) : Death
    {
        public string Variable => string.Create(CultureInfo.InvariantCulture, $"{Step}:{Passing}");
    }

    /// <summary>It is killed so long after its launch, ready or not.</summary>
    public sealed record AtMoment(TimeSpan After) : Death;
}

/// <summary>The order in which the relay dies: every step at its first passing, some at a later one, the rest at random moments.</summary>
internal static class CrashPlan
{
    public static readonly IReadOnlyList<string> Steps =
    [
        "accept-1-read", "accept-2-durable", "accept-3-removed",
        "turn-1-claimed", "turn-2-called", "turn-2-staged", "turn-3-committed",
        "summary-1-started", "summary-2-called", "summary-3-added",
        "place-0-ready", "place-1-staged-file", "place-2-staged", "place-3-renamed", "place-4-placed", "place-5-consumed",
        "page-1-sent", "page-2-recorded",
        "answer-1-read", "answer-2-taken", "answer-3-removed",
    ];

    public static bool NeedsQuestion(Death death) =>
        death is Death.AtStep { Step: var step } && (step.StartsWith("page-", StringComparison.Ordinal) || step.StartsWith("answer-", StringComparison.Ordinal));

    public static IReadOnlyList<Death> Make(int kills, int laterPassings, Random random)
    {
        var often = Steps.Where(step => !step.StartsWith("answer-", StringComparison.Ordinal) && !step.StartsWith("summary-", StringComparison.Ordinal)).ToArray();
        var deaths = new List<Death>(Steps.Select(step => new Death.AtStep(step, 1)));
        deaths.AddRange(Enumerable.Range(0, laterPassings).Select(_ => new Death.AtStep(often[random.Next(often.Length)], 2)));
        while (deaths.Count < kills)
            deaths.Add(new Death.AtMoment(TimeSpan.FromMilliseconds(random.Next(150, 1_700))));
        var order = deaths.ToArray();
        random.Shuffle(order);
        return order;
    }
}

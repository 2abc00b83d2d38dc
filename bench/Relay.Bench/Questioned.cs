using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>/healthz with 1,000 messages waiting in a conversation that has had 10,000 questions answered.</summary>
internal static class Questioned
{
    private const int Waiting = 1_000, Answered = 10_000, Requests = 5;
    private static readonly IReadOnlyList<string> Speakers = Bed.Speakers("default", 1);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        var empty = await FindAsync(waiting: 0, answered: 0, cancellationToken);
        var full = await FindAsync(Waiting, Answered, cancellationToken);
        var figure = new Figure("GET /healthz, 1,000 waiting, 10,000 answered questions, p50", full, "ms");
        return [figure.Against(Yardstick.Empty(empty)).AtMost(5)];
    }

    private static async Task<double> FindAsync(int waiting, int answered, CancellationToken cancellationToken)
    {
        await using var bed = await Bed.MakeAsync(Speakers);
        await AskOperatorAsync(bed, cancellationToken);
        if (answered > 0)
            FilledStore.AddAnsweredQuestions(bed.Home.Paths.DatabaseFile, answered);
        bed.TakeKeyAway();
        for (var number = 0; number < waiting; number++)
            bed.Home.Drop(Speakers[0], "Shall I go on?");
        await using var relay = await RelayProcess.StartAsync(bed.Home, cancellationToken);
        await bed.AcceptedAsync(cancellationToken);
        using var client = new Client(relay.Url);
        return (await client.TimeAsync("healthz", Requests, cancellationToken)).Median;
    }

    /// <summary>One question to the operator, and its answer: the model of the copies.</summary>
    private static async Task AskOperatorAsync(Bed bed, CancellationToken cancellationToken)
    {
        await using var relay = await Contender.RelayAsync(bed, cancellationToken);
        using var client = new Client(relay.Url!);
        bed.Api.AnswerWith("[NEEDS-JC] Which of the two?");
        bed.Home.Drop(Speakers[0], "Shall I go on?");
        await Eventually.ThatAsync(
            Bed.Limit,
            () => bed.Ntfy.Pages.Any(page => OperatorAtPhone.QuestionOf(page) is not null),
            () => "no question came",
            cancellationToken);
        bed.Api.AnswerWith("Yes, do it");
        bed.Home.TrySay("the first");
        await relay.TakenAsync(1, cancellationToken);
    }
}

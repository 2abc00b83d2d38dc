using Relay.Loopback;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>What twenty turns that grow to 60,000 tokens cost as sent, against the same requests with only the system prompt
/// cached.</summary>
internal static class CacheCost
{
    private const int Turns = 20, Tokens = 60_000, BytesPerToken = 4;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        const int half = Tokens * BytesPerToken / Turns / 2;
        await using var api = await LoopbackMessagesApi.StartAsync(new() { Answer = _ => ScriptedReply.Text(new string('a', half)) });
        await using var ntfy = await LoopbackNtfy.StartAsync();
        using var home = new ScenarioHome(api.Address, ntfy.Address);
        await using var session = new Session(home, "session-1");
        await using var relay = await RelayProcess.StartAsync(home, cancellationToken);
        for (var turn = 1; turn <= Turns; turn++)
        {
            session.Say(new string('q', half));
            await Eventually.ThatAsync(Bed.Limit, () => session.Count == turn, () => "no reply\n" + relay.Output, cancellationToken);
        }

        var asSent = Cost(api, MarkerPolicy.AsSent);
        var systemOnly = Cost(api, MarkerPolicy.SystemOnly);
        return
        [
            new Figure("20 turns to 60,000 tokens, as sent", (double)asSent, "USD"),
            new Figure("20 turns to 60,000 tokens, only the system cached", (double)systemOnly, "USD"),
            new Figure("cost as sent : only the system cached", (double)(asSent / systemOnly), "times").AtMost(0.35),
        ];
    }

    private static decimal Cost(LoopbackMessagesApi api, MarkerPolicy policy)
    {
        var ledger = new CacheLedger();
        return api.Requests.Sum(request => ledger.Bill(request, policy).CostUsd(TokenRates.Opus55));
    }
}

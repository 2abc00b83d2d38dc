using System.Diagnostics;
using System.Text.Json.Nodes;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>Questions with choices, asked by the real client in its terminal interface while its own dialog is open.</summary>
public sealed class ChoiceScenarios : ClaudeStage
{
    private static readonly JsonObject Input = JsonNode.Parse(
        """
        {"questions":[
          {"question":"Which store?","header":"Store","multiSelect":false,
           "options":[{"label":"SQLite","description":"one file"},{"label":"Postgres","description":"a server"}]},
          {"question":"Which extras?","header":"Extras","multiSelect":true,
           "options":[{"label":"Backups","description":"nightly"},{"label":"Metrics","description":"Prometheus"}]}]}
        """)!.AsObject();

    [Fact]
    public async Task Choices_made_from_afar_reach_the_model_while_the_dialog_is_open()
    {
        await using var relay = await StartRelayAsync();
        await ConnectAsync("--permissions");
        await using var model = await ClientApi.StartAsync(Ask);
        await using var terminal = await ClaudeTerminal.OpenAsync(
            Client(model), Project, CancellationToken, "--permission-mode", "manual");

        await terminal.SayAsync("choose", CancellationToken);
        var page = await PagedAsync("asks: Store, Extras");
        await terminal.SeesAsync("Which store?", CancellationToken);
        var refused = await TryRelayAsync("answer", "1", "1: 2");
        var watch = Stopwatch.StartNew();
        var answered = await RelayAsync("answer", "1", "1: 2\n2: backups, metrics\nnote: nightly is enough");
        await Eventually.ThatAsync(Limit, () => model.Turns.Count == 2, () => "no answer came: " + terminal.Screen, CancellationToken);
        var took = watch.Elapsed;

        Assert.Contains("1) SQLite: one file", page.Message, StringComparison.Ordinal);
        Assert.Contains("question 2 (Extras) has no answer", refused, StringComparison.Ordinal);
        Assert.Contains("is answered: answered", answered, StringComparison.Ordinal);
        var news = model.Turns[1].News;
        Assert.Contains("\"Which store?\"=\"Postgres\"", news, StringComparison.Ordinal);
        Assert.Contains("\"Which extras?\"=\"Backups, Metrics\"", news, StringComparison.Ordinal);
        Assert.Contains("nightly is enough", news, StringComparison.Ordinal);
        await terminal.SeesAsync("heard", CancellationToken);
        Assert.Equal(1, await CountAsync("questions", "kind = 'choice' AND state = 'answered'"));
        Say($"choice: from `relay answer` to the model's next request {took.TotalMilliseconds:0} ms\n{page.Title}\n{page.Message}\n{news}");
        Say(terminal.Screen);
    }

    private static ClientReply Ask(ClientTurn turn) => turn.Number == 1
        ? new ClientReply.Uses("AskUserQuestion", Input.DeepClone().AsObject())
        : new ClientReply.Says("heard");
}

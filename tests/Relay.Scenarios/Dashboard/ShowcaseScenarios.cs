using System.Globalization;
using System.Text;
using Microsoft.Playwright;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Dashboard;

/// <summary>An afternoon of five sessions, for the pictures in the README: ./build images takes them anew.</summary>
public sealed class ShowcaseScenarios(Chromium chromium) : DashboardStage(chromium)
{
    private const string Question =
        """
        [NEEDS-JC] Two users may own one key. Forbid it or merge them?

        The import found **38** keys with two owners. Merging keeps every login working; forbidding is simpler, but 38 people are asked to
        pick a new key.

        - (a) Merge and keep the older owner: nobody loses access, 2 h of work (recommended)
        - (b) Forbid and ask the 38 users: simple, support load for a week
        """;

    /// <summary>What the days before have cost: a month of three sessions, quiet at the end of each week.</summary>
    private static string Month
    {
        get
        {
            var rows = new StringBuilder();
            string[] sessions = ["session-1", "session-2", "web"];
            for (var day = 1; day < 30; day++)
                for (var session = 0; session < sessions.Length; session++)
                    if ((day + 2) % 7 > session / 2 && (day * 5 + session * 3) % 11 > session * 2)
                    {
                        var calls = 6 + (day * 7 + session * 5) % 17;
                        var model = session == 2 ? "claude-sonnet-5-5" : "claude-opus-5-5";
                        var cost = calls * (session == 2 ? 10_150_000L : 20_300_000L); // As the tokens below cost.
                        var place = session == 2 ? "shop" : "default";
                        rows.Append(rows.Length == 0 ? "" : ", ").Append(
                            CultureInfo.InvariantCulture,
                            $"(date('now', '-{day} days'), '{place}', '{sessions[session]}', '{model}', 0, {cost}, 0, {calls}, 0, 0, ")
                            .Append(
                                CultureInfo.InvariantCulture,
                                $"{calls * 300}, {calls * 420}, {calls * 900}, 0, {calls * 31_000})");
                    }
            return "INSERT INTO spending (period, conversation_id, session_id, model, reserved_nano, cost_nano, unknown_nano, calls, "
                + "lost_calls, unknown_calls, input_tokens, output_tokens, cache_write_5m, cache_write_1h, cache_read) VALUES " + rows;
        }
    }

    protected override string Config => "budget:\n  per_day_usd: 5\n";

    [Fact]
    public async Task The_page_of_an_afternoon()
    {
        var usage = new TokenUsage(300, 6_000, 0, 240_000, 420);
        Api.Enqueue(
            ScriptedReply.Text("[NEEDS-JC] Two carts of one customer at once: keep which?", usage: usage),
            ScriptedReply.Text("Keep both, and log the clash.", usage: usage),
            ScriptedReply.Text("Keep both and log it, by [ruling 1].", usage: usage),
            ScriptedReply.Text("Yes: the copy first.", usage: usage),
            ScriptedReply.Text(Question, usage: usage));
        await using var one = new Session(Home, "session-1");
        await using var web = new Session(Home, "web");
        await using var api = new Session(Home, "api");
        await using (var before = await RelayProcess.StartAsync(Home, CancellationToken))
            await MorningAsync(one, web, api);
        await MoveBackAsync();
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var permission = ClientAsking.AskAsync(relay, "Bash", new { command = "make deploy ENV=staging" });

        var page = await OpenAsync();
        await SeenAsync(page, script: true, "2 questions wait for you");
        await ShowAsync(page, "now-desktop");
        await page.GotoAsync(new Uri(relay.Url, "costs").ToString());
        await ShowAsync(page, "costs-desktop");
        await ShowAsync(await OpenAsync(colors: ColorScheme.Dark), "now-desktop-dark");
        await ShowAsync(await OpenAsync(Phone), "now-phone");

        await page.GotoAsync(relay.Url.ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "Deny", Exact = true }).ClickAsync();
        await ClientAsking.DecidedAsync(permission);
        Assert.Empty(Errors);
    }

    private static async Task ShowAsync(IPage page, string name)
    {
        Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > document.documentElement.clientWidth"));
        await AssertAccessibleAsync(page, name);
        var picture = await page.ScreenshotAsync(new() { FullPage = true });
        var reduced = SmallPng.Of(picture);
        Assert.InRange(reduced.Length, 1, 150_000);
        var folder = Directory.CreateDirectory(Folder()).FullName;
        await File.WriteAllBytesAsync(Path.Combine(folder, $"show-{name}.png"), reduced, CancellationToken);
    }

    private async Task MorningAsync(Session one, Session web, Session api)
    {
        one.Say("Two carts of one customer at once. Which one is kept?");
        await WaitAsync(() => Ntfy.Pages.Any(page => OperatorAtPhone.QuestionOf(page) is not null), "the first question");
        Assert.True(Home.TrySay("Keep both, log the clash"));
        await WaitAsync(() => one.Count == 1, "its reply");
        web.Say("Two addresses of one customer at once: the same as with the carts?");
        await WaitAsync(() => web.Count == 1, "the reply by a ruling");
        api.Say("Shall I run the migration on the copy first?");
        await WaitAsync(() => api.Count == 1, "the reply");
        Home.Drop("session-2", "The import has 38 keys with two owners. What now?");
        await WaitAsync(() => Ntfy.Pages.Any(page => OperatorAtPhone.QuestionOf(page) is 2), "the second question");
        web.Say("May I tag 2.1 meanwhile?");
        await WaitAsync(() => !Directory.EnumerateFiles(Home.Paths.Queue).Any(), "the message behind it");
    }

    /// <summary>As if it had not all been within these seconds.</summary>
    private async Task MoveBackAsync()
    {
        foreach (var sql in (string[])
        [
            Month,
            "UPDATE questions SET asked_at = asked_at - 840000, answered_at = answered_at - 780000",
            "UPDATE dispatches SET created_at = created_at - 780000, placed_at = placed_at - 780000, consumed_at = consumed_at - 780000",
            "UPDATE ruling_uses SET at = at - 720000",
            "UPDATE messages SET accepted_at = accepted_at - 840000",
            "UPDATE sessions SET last_seen_at = last_seen_at - 660000 WHERE session_id = 'api'",
            "UPDATE sessions SET last_seen_at = last_seen_at - 120000 WHERE session_id = 'session-1'",
        ])
            await Home.ChangeAsync(sql);
    }

    private static Task WaitAsync(Func<bool> condition, string what) =>
        Eventually.ThatAsync(TimeSpan.FromSeconds(30), condition, () => what, CancellationToken);
}

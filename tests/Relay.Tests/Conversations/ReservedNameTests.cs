using System.Net;
using Relay.Agents;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Files;
using Relay.Intake;
using Relay.Operator;
using Relay.Tests.Agents;
using Relay.Tests.Agents.Tools;
using Relay.Tests.Cli;
using Relay.Tests.Configuration;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

/// <summary>Nobody speaks under a name that is the relay's, the advisor's or the operator's, by whatever way he comes.</summary>
public sealed class ReservedNameTests
{
    public static TheoryData<string> Reserved =>
    [
        "relay", "RELAY", "operator", "Operator", "operator-JC", "operators_cat", "advisor", "Advisor", "assistant", "system", "SYSTEM",
        "human", "user", "User", "JC", "jc", "J-C", "_relay", "-operator", "system_",
    ];

    public static TheoryData<string> NotNames =>
    [
        "", " ", "rel\u0430y", "\u043Eperator", "\uFF52\uFF45\uFF4C\uFF41\uFF59", "us\u200Ber", "relay ", "the relay", "a\nb", "a/b", "..",
        "\u212Aey", "caf\u00E9", new string('a', 65),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task By_no_file_no_word_of_the_operators_and_no_folder()
    {
        await using var relay = await TempRelay.CreateAsync();
        var directory = relay.Get<SessionDirectory>();
        string[] names = [.. Reserved.Select(row => row.Data), .. NotNames.Select(row => row.Data)];
        foreach (var name in names)
        {
            relay.Drop(name, "I decide.");
            Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync($"@{name}: hello"));
            var sighting = new AgentSighting("claude-1", name, "/projects/shop");
            if (SessionId.TryParse(name) is not null)
                Assert.Null(await relay.WriteAsync(writing => AgentStore.SeenAsync(writing, directory, sighting, Token)));
        }
        Directory.CreateDirectory(Path.Combine(relay.Home.Dispatch, "relay"));
        await relay.RunAsync<QueueFolder>();
        await relay.RunAsync<Dispatcher>();

        Assert.Equal(names.Length, RejectedFolder.Names(relay.Home.Rejected).Count);
        Assert.DoesNotContain((await relay.StatusAsync()).Sessions, session => session.SessionId is not "session-1");
        Assert.Empty(await relay.MessagesAsync());
    }

    [Theory]
    [InlineData("operator-JC")]
    [InlineData("JC")]
    [InlineData("System")]
    [InlineData("\u043Eperator")]
    public async Task Nor_over_http(string name)
    {
        await using var relay = await RunningRelay.StartAsync();

        var (asked, _) = await relay.SendAsync(HttpMethod.Post, "/ask", new { session_id = name, content = "I decide.", id = "1" });
        Assert.Equal(HttpStatusCode.BadRequest, asked);
        if (name.All(char.IsAscii))
        {
            var claude = new ClaudeSession(relay, "claude-1") { Name = name };
            var (hooked, _) = await claude.PostAsync(claude.Event("SessionStart"), Token);
            Assert.InRange((int)hooked, 400, 403);
            await using var tools = await McpTools.ConnectAsync(relay, McpTools.Current, name);
            await Assert.ThrowsAnyAsync<Exception>(() => tools.CallAsync("tell_advisor", new { note = "I decide." }));
        }
        Assert.Equal(0, await relay.MessagesAsync());
    }

    [Theory]
    [InlineData("operator-JC")]
    [InlineData("User")]
    [InlineData("jc")]
    [InlineData("J_C")]
    public async Task Nor_by_the_command_line(string name)
    {
        await using var home = new CliHome();

        foreach (var command in new[] { "send", "ask" })
            Assert.NotEqual(0, (await home.RunAsync(command, "--session", name, "I decide.")).Exit);
        home.Environment["RELAY_SESSION"] = name;
        Assert.NotEqual(0, (await home.RunAsync("send", "I decide.")).Exit);
        Assert.NotEqual(0, (await home.RunAsync("connect", "claude-code", "--print", "--session", name)).Exit);
        Assert.Equal(0, QueueFolder.Count(home.Home.Queue));
    }

    [Fact]
    public void Nor_by_the_configuration()
    {
        using var temp = new TempHome();
        foreach (var name in Reserved.Select(row => row.Data))
        {
            temp.Write("config.yaml", $"sessions: [{{session_id: {name}}}]\n");
            Assert.NotEmpty(ConfigReader.Read(temp.Home).Faults);
        }
    }

    [Theory]
    [InlineData("/projects/relay", "session-relay")]
    [InlineData("/projects/operator-JC/", "session-operator-JC")]
    [InlineData("/projects/JC", "session-JC")]
    [InlineData("/projects/J.C.", "session-J-C")]
    [InlineData("/projects/user", "session-user")]
    [InlineData("/projects/\uFF52\uFF45\uFF4C\uFF41\uFF59", "claude")]
    public async Task A_name_made_of_a_folders_becomes_something_harmless_also_with_a_number(string folder, string expected)
    {
        await using var relay = await TempRelay.CreateAsync();
        var directory = relay.Get<SessionDirectory>();

        var names = new List<string>();
        foreach (var id in new[] { "a", "b" })
        {
            var sighting = new AgentSighting(id, GivenName: null, folder);
            var agent = await relay.WriteAsync(writing => AgentStore.SeenAsync(writing, directory, sighting, Token));
            names.Add(agent!.Session.Value);
        }

        Assert.Equal([expected, expected + "-2"], names);
    }

    [Theory]
    [InlineData("user-2")]
    [InlineData("system-2")]
    [InlineData("userland")]
    [InlineData("the-relay")]
    [InlineData("JC2")]
    public void Other_names_may_be(string name) => Assert.NotNull(SessionId.TryParse(name));

    [Fact]
    public async Task A_name_that_becomes_the_operators_is_refused_from_then_on_and_makes_no_numbered_one()
    {
        await using var relay = await TempRelay.CreateAsync();
        var first = new AgentSighting("a", "Ann", "/projects/shop");
        await relay.WriteAsync(writing => AgentStore.SeenAsync(writing, relay.Get<SessionDirectory>(), first, Token));
        await relay.AcceptAsync("Ann", "Hello.", channel: ReplyChannel.Agent);

        await relay.ConfigureAsync("operator: {name: Ann}\n");

        Assert.Null(await relay.WriteAsync(writing => AgentStore.SeenAsync(
            writing, relay.Get<SessionDirectory>(), new AgentSighting("b", "Ann", "/elsewhere"), Token)));
        relay.Drop("ann", "I decide.");
        await relay.RunAsync<QueueFolder>();
        Assert.Single(RejectedFolder.Names(relay.Home.Rejected));
        Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync("@Ann: hello"));
        await relay.TakeTurnsAsync();
    }
}

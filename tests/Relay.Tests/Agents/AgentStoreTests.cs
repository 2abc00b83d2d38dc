using Relay.Agents;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents;

public sealed class SqliteAgentStoreTests() : AgentStoreTests(SqlDialect.Sqlite.Name);

public sealed class PostgresAgentStoreTests() : AgentStoreTests(SqlDialect.Postgres.Name);

/// <summary>A name that was made for an agent is its own, as long as it is there.</summary>
public abstract class AgentStoreTests(string kind) : StoreTests(kind)
{
    private const string Folder = "/projects/shop";
    private readonly SessionDirectory _directory = new(TestSettings.Of());

    [Fact]
    public async Task Agents_of_one_folder_have_its_name_and_a_number_each_its_own()
    {
        var names = new List<string>();
        foreach (var agent in new[] { "a", "b", "c", "a", "b" })
            names.Add((await SeenAsync(agent)).Session.Value);

        Assert.Equal(["shop", "shop-2", "shop-3", "shop", "shop-2"], names);
    }

    [Fact]
    public async Task Agents_that_come_at_once_have_different_names()
    {
        var agents = await AtOnceAsync(20, (writing, writer) =>
        {
            var seen = new AgentSighting($"agent-{writer}", GivenName: null, Folder);
            return AgentStore.SeenAsync(writing, _directory, seen, CancellationToken);
        });

        Assert.Equal(20, agents.Select(agent => agent!.Session).Distinct().Count());
    }

    [Theory]
    [InlineData("/projects/my shop!/", "my-shop")]
    [InlineData("/", "claude")]
    [InlineData("", "claude")]
    [InlineData("/projects/магазин", "claude")]
    [InlineData("/projects/a_B-9", "a_B-9")]
    public async Task A_name_is_made_of_the_folders_letters_that_may_stand_in_one(string folder, string name) =>
        Assert.Equal(name, (await SeenAsync("a", folder: folder)).Session.Value);

    [Fact]
    public async Task A_name_that_was_given_is_shared_by_all_it_was_given_to_and_made_for_nobody_else()
    {
        Assert.Equal("shop", (await SeenAsync("a", name: "shop")).Session.Value);
        Assert.Equal("shop", (await SeenAsync("b", name: "shop")).Session.Value);

        Assert.Equal("shop-2", (await SeenAsync("c")).Session.Value);
    }

    [Fact]
    public async Task Who_shared_a_given_name_and_comes_without_it_has_one_of_its_own()
    {
        await SeenAsync("a", name: "reviewer");
        await SeenAsync("b", name: "reviewer");

        Assert.Equal("shop", (await SeenAsync("a")).Session.Value);
        Assert.Equal("reviewer", (await SeenAsync("b")).Session.Value); // Nobody else has it any more.
    }

    [Fact]
    public async Task The_name_of_one_that_ended_is_free_and_his_again_unless_another_has_it_now()
    {
        var first = await SeenAsync("a");
        await EndAsync(first);
        Assert.Equal("shop", (await SeenAsync("a")).Session.Value);
        await EndAsync(first);

        Assert.Equal("shop", (await SeenAsync("b")).Session.Value);

        Assert.Equal("shop-2", (await SeenAsync("a")).Session.Value);
        Assert.Equal("shop", (await SeenAsync("b")).Session.Value);
    }

    [Fact]
    public async Task A_late_event_of_one_that_ended_keeps_its_name_from_nobody()
    {
        await EndAsync(await SeenAsync("a"));
        await SeenAsync("a"); // Of a subagent, say: it tells nothing of the session itself.

        Assert.Equal("shop", (await SeenAsync("b")).Session.Value);
    }

    [Fact]
    public async Task One_that_was_not_heard_of_for_half_a_day_keeps_no_name_from_others()
    {
        await SeenAsync("a");
        Clock.Advance(TimeSpan.FromHours(12) - TimeSpan.FromMilliseconds(1));
        Assert.Equal("shop-2", (await SeenAsync("b")).Session.Value);
        Clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal("shop", (await SeenAsync("c")).Session.Value);
        Assert.Equal("shop-3", (await SeenAsync("a")).Session.Value);
    }

    [Theory]
    [InlineData("question")]
    [InlineData("message")]
    [InlineData("reply")]
    public async Task A_name_with_something_outstanding_goes_to_no_other_client_and_back_to_its_own(string outstanding)
    {
        var first = await SeenAsync("a", folder: "/one/shop");
        await LeaveOutstandingAsync(outstanding, first.Session);
        Clock.Advance(TimeSpan.FromDays(3));

        Assert.Equal("shop-2", (await SeenAsync("b", folder: "/two/shop")).Session.Value);
        Assert.Equal("shop", (await SeenAsync("a", folder: "/one/shop")).Session.Value);
    }

    [Fact]
    public async Task Who_comes_to_the_folder_of_one_that_ended_gets_the_name_that_waits_for_him()
    {
        await SeenAsync("a");
        var second = await SeenAsync("b");
        await LeaveOutstandingAsync("reply", second.Session);
        await EndAsync(second);

        Assert.Equal("shop-2", (await SeenAsync("c")).Session.Value);
        Assert.Equal("shop-3", (await SeenAsync("d")).Session.Value);
    }

    [Fact]
    public async Task A_name_that_a_session_of_another_kind_has_something_outstanding_for_is_not_made_for_an_agent()
    {
        await SayAsync(SessionId.Stored("shop"));

        Assert.Equal("shop-2", (await SeenAsync("a")).Session.Value);
    }

    [Theory]
    [InlineData("/home/user", "session-user")]
    [InlineData("/projects/Relay", "session-Relay")]
    [InlineData("/projects/operator-ui", "session-operator-ui")]
    [InlineData("/projects/jc", "session-jc")]
    public async Task No_name_is_made_that_would_be_taken_for_somebody_else(string folder, string name) =>
        Assert.Equal(name, (await SeenAsync("a", folder: folder)).Session.Value);

    [Fact]
    public async Task Only_a_session_the_configuration_accepts_is_noted()
    {
        var strict = new SessionDirectory(TestSettings.Of(
            "accept_unknown_sessions: false\nsessions:\n  - {session_id: reviewer, conversation: other}\n"));

        Assert.Null(await SeenByAsync(strict, new AgentSighting("a", GivenName: null, Folder)));
        Assert.Null(await FindAsync("a"));
        Assert.Equal("reviewer", (await SeenByAsync(strict, new AgentSighting("a", "reviewer", Folder)))!.Session.Value);
        var session = await ReadAsync(reading => SessionStore.FindAsync(reading, SessionId.Stored("reviewer"), CancellationToken));
        Assert.Equal((Other, ReplyChannel.Agent), (session!.Conversation, session.Channel));
    }

    [Fact]
    public async Task The_guard_counts_what_was_blocked_and_starts_anew_with_the_user()
    {
        var agent = await SeenAsync("a");
        await WriteAsync(writing => AgentStore.RelayedAsync(writing, agent, CancellationToken));
        Assert.Equal((AgentState.Held, 0, 0), await CountsAsync());
        await WriteAsync(writing => AgentStore.WentOnAsync(writing, agent, CancellationToken));
        await WriteAsync(writing => AgentStore.RelayedAsync(writing, agent, CancellationToken));
        await WriteAsync(writing => AgentStore.WentOnAsync(writing, agent, CancellationToken));
        Assert.Equal((AgentState.Active, 2, 2), await CountsAsync());
        await WriteAsync(writing => AgentStore.StoppedAsync(writing, agent, CancellationToken));
        Assert.Equal((AgentState.Idle, 0, 3), await CountsAsync());
        await WriteAsync(writing => AgentStore.WentOnAsync(writing, agent, CancellationToken));
        await WriteAsync(writing => AgentStore.PromptedAsync(writing, agent, CancellationToken));
        Assert.Equal((AgentState.Active, 0, 4), await CountsAsync());
    }

    [Theory]
    [InlineData(Folder, "shop")]
    [InlineData(Folder + "/src", "shop")]
    [InlineData("/elsewhere", "shop-2")]
    public async Task A_given_name_with_something_outstanding_goes_to_no_other_project(string folder, string expected)
    {
        await EndAsync(await SeenAsync("a", "shop"));
        await WriteAsync(writing => QuestionStore.OpenAsync(
            writing,
            new NewQuestion(Default, Message: null, SessionId.Stored("shop"), QuestionKind.Permission, "May it?"), CancellationToken));

        Assert.Equal(expected, (await SeenAsync("b", "shop", folder)).Session.Value);
        Assert.Equal(expected, (await SeenAsync("b", "shop", folder)).Session.Value);
    }

    [Fact]
    public async Task After_a_restart_nobody_is_held_any_more()
    {
        var (held, active) = (await SeenAsync("a"), await SeenAsync("b", "other"));
        await WriteAsync(writing => AgentStore.RelayedAsync(writing, held, CancellationToken));

        await WriteAsync(writing => AgentStore.LetGoAsync(writing, CancellationToken));

        Assert.Equal(AgentState.Idle, (await FindAsync("a"))!.State);
        Assert.Equal(active.State, (await FindAsync("b"))!.State);
    }

    [Fact]
    public async Task No_round_is_lost_when_several_are_counted_at_once()
    {
        var agent = await SeenAsync("a");

        await AtOnceAsync(20, async (writing, _) =>
        {
            await AgentStore.WentOnAsync(writing, agent, CancellationToken);
            return true;
        });

        Assert.Equal((AgentState.Active, 20, 20), await CountsAsync());
    }

    [Fact]
    public async Task Of_those_who_share_a_session_the_one_heard_of_last_is_found()
    {
        await SeenAsync("a", name: "shop");
        Clock.Advance(TimeSpan.FromSeconds(1));
        await SeenAsync("c", name: "shop");
        await SeenAsync("b", name: "shop");
        await SeenAsync("d", name: "other");
        Assert.Equal("c", (await NewestOfAsync("shop"))!.Id); // In one instant the ids decide, always the same way.

        Clock.Advance(TimeSpan.FromSeconds(1));
        await SeenAsync("a", name: "shop");

        Assert.Equal("a", (await NewestOfAsync("shop"))!.Id);
        Assert.Null(await NewestOfAsync("nobody"));
    }

    [Fact]
    public async Task The_first_hook_that_told_of_a_tool_call_is_believed_for_two_days()
    {
        var (first, second) = (await SeenAsync("a"), await SeenAsync("b"));
        await NoteAsync("use-1", first);
        await NoteAsync("use-1", second);
        Assert.Equal("a", (await OfToolUseAsync("use-1"))!.Id);
        Assert.Null(await OfToolUseAsync("use-2"));

        Clock.Advance(TimeSpan.FromDays(2) + TimeSpan.FromMilliseconds(1));
        await NoteAsync("use-2", second);

        Assert.Null(await OfToolUseAsync("use-1"));
        Assert.Equal("b", (await OfToolUseAsync("use-2"))!.Id);
    }

    private Task LeaveOutstandingAsync(string what, SessionId session) => what switch
    {
        "message" => SayAsync(session, channel: ReplyChannel.Agent),
        "question" => WriteAsync(writing => QuestionStore.OpenAsync(
            writing, new NewQuestion(Default, Message: null, session, QuestionKind.Permission, "May it?"), CancellationToken)),
        _ => WriteAsync(writing => Outbox.EnqueueAsync(
            writing, new NewReply(Default, Position: 1, session, ReplyChannel.Agent, "Go on, drop it."), CancellationToken)),
    };

    private async Task<Agent> SeenAsync(string agent, string? name = null, string folder = Folder) =>
        (await SeenByAsync(_directory, new AgentSighting(agent, name, folder)))!;

    private Task<Agent?> SeenByAsync(SessionDirectory directory, AgentSighting seen) =>
        WriteAsync(writing => AgentStore.SeenAsync(writing, directory, seen, CancellationToken));

    private Task EndAsync(Agent agent) =>
        WriteAsync(writing => AgentStore.SetStateAsync(writing, agent, AgentState.Ended, CancellationToken));

    private Task<Agent?> FindAsync(string agent) => ReadAsync(reading => AgentStore.FindAsync(reading, agent, CancellationToken));

    private Task<Agent?> NewestOfAsync(string session) =>
        ReadAsync(reading => AgentStore.NewestOfAsync(reading, SessionId.Stored(session), CancellationToken));

    private Task NoteAsync(string use, Agent agent) =>
        WriteAsync(writing => ToolUseStore.NoteAsync(writing, use, agent, subagent: null, CancellationToken));

    private Task<Agent?> OfToolUseAsync(string use) => ReadAsync(async reading =>
        await ToolUseStore.FindAsync(reading, use, CancellationToken) is { } found
            ? await AgentStore.FindAsync(reading, found.Agent, CancellationToken)
            : null);

    private async Task<(AgentState State, int Blocks, long Stops)> CountsAsync() =>
        await FindAsync("a") is { } agent ? (agent.State, agent.Blocks, agent.Stops) : default;
}

using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>Who is asked next where more conversations have work than may be asked at once.</summary>
public sealed class FairnessTests : IAsyncLifetime
{
    private const int Conversations = 6, AtOnce = 2, Backlog = 4;

    private readonly SemaphoreSlim _answers = new(0);
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private List<string> Asked => _relay.Advisor.Calls.Select(call => call.Messages[^1].Blocks[^1].Split(' ')[0].Trim('[', ']')).ToList();

    public async ValueTask InitializeAsync()
    {
        var sessions = Enumerable.Range(1, Conversations).Select(number => $"{{session_id: s{number}, conversation: c{number}}}");
        _relay = await TempRelay.CreateAsync($"max_parallel_turns: {AtOnce}\nsessions: [{string.Join(", ", sessions)}]\n");
        for (var call = 0; call < 100; call++)
            _relay.Advisor.Enqueue(async (_, cancellationToken) =>
            {
                await _answers.WaitAsync(cancellationToken);
                return ScriptedAdvisor.Replied("Do it.");
            });
    }

    public async ValueTask DisposeAsync()
    {
        _answers.Release(100);
        await _relay.Get<AdvisorLoop>().StopAsync(CancellationToken.None);
        await _relay.DisposeAsync();
    }

    [Fact]
    public async Task Who_comes_while_all_places_are_taken_by_long_backlogs_is_next()
    {
        foreach (var session in (string[])["s1", "s2"])
            await SayAsync(session, Backlog);
        await AskedAsync(AtOnce);

        _relay.Clock.Advance(TimeSpan.FromSeconds(1));
        await SayAsync("s3", 1);
        await _relay.RunAsync<AdvisorLoop>();
        _answers.Release();
        await AskedAsync(AtOnce + 1);

        Assert.Equal("s3", Asked[AtOnce]);
    }

    [Fact]
    public async Task Everyone_has_a_turn_before_anyone_has_another()
    {
        for (var number = 1; number <= Conversations; number++)
            await SayAsync($"s{number}", Backlog);

        for (var calls = AtOnce; calls <= Conversations * Backlog; calls++)
        {
            await AskedAsync(calls);
            _relay.Clock.Advance(TimeSpan.FromMilliseconds(1));
            _answers.Release();
        }

        foreach (var round in Asked.Chunk(Conversations))
            Assert.Equal(Conversations, round.Distinct().Count());
    }

    [Fact]
    public async Task Of_those_that_have_no_place_the_one_that_has_waited_longest_is_first()
    {
        foreach (var session in (string[])["s5", "s4", "s6", "s3"])
        {
            await SayAsync(session, 1);
            _relay.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        var due = await _relay.Get<AdvisorLoop>().DueAsync(CancellationToken);

        Assert.Equal(["c5", "c4", "c6", "c3"], due.Select(conversation => conversation.Value));
    }

    [Fact]
    public async Task Alone_a_backlog_goes_on_without_giving_its_place_away()
    {
        await SayAsync("s1", Backlog);
        _answers.Release(Backlog);

        await _relay.RunAsync<AdvisorLoop>();

        await Until.TrueAsync(() => Asked.Count == Backlog, "all turns of the one run");
    }

    private async Task SayAsync(string session, int count)
    {
        for (var number = 0; number < count; number++)
            await _relay.AcceptAsync(session, $"number {number}");
    }

    private Task AskedAsync(int calls) => Until.TrueAsync(
        async () =>
        {
            await _relay.RunAsync<AdvisorLoop>();
            return Asked.Count >= calls;
        },
        $"call {calls}");
}

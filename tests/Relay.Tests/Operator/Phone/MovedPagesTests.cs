using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Xunit;
using Handset = Relay.Loopback.Phone;

namespace Relay.Tests.Operator.Phone;

/// <summary>What waits when the operator's pages go elsewhere.</summary>
public sealed class MovedPagesTests : PhoneTests
{
    private protected override string Config => "public_url: https://relay.example.org\n";

    private async Task MoveAsync(string line)
    {
        await File.AppendAllTextAsync(Relay.Home.EnvFile, line + "\n", CancellationToken);
        Assert.IsType<Reloaded.Changed>(Relay.Settings.Reload());
        await Relay.RunAsync<MovedPages>();
    }

    private async Task<int> CountAsync()
    {
        await Relay.RunAsync<MovedPages>();
        await Relay.RunAsync<Pager>();
        return Ntfy.Pages.Count;
    }

    [Theory]
    [InlineData("NTFY_TOPIC=another-topic")]
    [InlineData("NTFY_ANSWER_TOPIC=another-answer-topic")]
    [InlineData("RELAY_TOKEN=8f14e45fceea167a5a36dedd4bea2543")]
    public async Task An_open_question_is_asked_anew_with_buttons_that_are_heard(string line)
    {
        var env = await File.ReadAllTextAsync(Relay.Home.EnvFile, CancellationToken);
        var others = env.Split('\n').Where(each => !each.StartsWith(line.Split('=')[0], StringComparison.Ordinal));
        await File.WriteAllTextAsync(Relay.Home.EnvFile, string.Join('\n', others), CancellationToken);
        await Relay.RunAsync<MovedPages>();
        await EscalateAsync("[NEEDS-JC] Merge or wait?\n- (a) Merge\n- (b) Wait");
        await PageAsync();
        var sent = await CountAsync();

        await MoveAsync(line);
        var page = await PageAsync();

        Assert.Equal(sent + 1, Ntfy.Pages.Count);
        Assert.Equal((Relay.Settings.Current.Secrets.NtfyTopic, 5), (page.Topic, page.Priority));
        await ListenAsync(); // From now on.
        await Handset.TapAsync(page, "b: Wait", CancellationToken);
        await ListenAsync();
        Assert.Equal("b", (await FindAsync(1)).Answer);
        await Relay.TakeTurnsAsync();
    }

    [Fact]
    public async Task It_is_asked_anew_once_also_over_a_restart_and_not_because_of_other_changes()
    {
        await Relay.RunAsync<MovedPages>();
        await EscalateAsync();
        await PageAsync();
        var sent = await CountAsync();

        await Relay.RestartAsync();
        Assert.Equal(sent, await CountAsync());
        await Relay.ConfigureAsync(Config + "remind_after: 40m\n");
        Assert.Equal(sent, await CountAsync());
        await MoveAsync("NTFY_ANSWER_TOPIC=another-answer-topic");
        Assert.Equal(sent + 1, await CountAsync());
        await Relay.RestartAsync();
        Assert.Equal(sent + 1, await CountAsync());
    }

    [Fact]
    public async Task What_is_put_off_comes_by_itself_at_its_time()
    {
        await Relay.RunAsync<MovedPages>();
        await EscalateAsync();
        await PageAsync();
        Ntfy.Say(AnswerTopicName, "later 2h");
        await ListenAsync();
        await PageAsync();
        var sent = await CountAsync();

        await MoveAsync("NTFY_ANSWER_TOPIC=another-answer-topic");

        Assert.Equal(sent, await CountAsync());
    }
}

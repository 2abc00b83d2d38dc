using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;
using Handset = Relay.Loopback.Phone;

namespace Relay.Tests.Operator.Phone;

/// <summary>The whole daemon and a phone.</summary>
public sealed class LivePhoneTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_page_is_answered_from_the_phone_and_reads_so_over_cut_connections_and_a_restart()
    {
        await using var relay = await RunningRelay.StartAsync("page_buttons: every-reader-may-answer\n");
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Merge or wait?"), ScriptedReply.Text("Merge it."));
        relay.Drop("session-1", "Shall I?");
        var page = await AskedAsync(relay, ", ");
        Assert.Equal(["Later"], page.Actions.EnumerateArray().Select(action => action.GetProperty("label").GetString()));

        await Handset.TapAsync(page, "Later", CancellationToken);
        await AskedAsync(relay, ", again at");
        relay.Ntfy.DropSubscribers();
        await relay.RestartAsync();
        relay.Ntfy.DropSubscribers();
        relay.Ntfy.Say(relay.Secrets.NtfyAnswerTopic, "#1 merge");

        Assert.Equal("Merge it.", await relay.ConsumeAsync("session-1"));
        var receipt = await relay.Ntfy.WaitForPageAsync(
            each => each.Message == "answered: merge, delivered to session-1", RunningRelay.Patience);
        Assert.Equal(page.SequenceId, receipt.SequenceId);
    }

    [Fact]
    public async Task A_new_answer_topic_is_followed_at_once()
    {
        await using var relay = await RunningRelay.StartAsync("page_buttons: every-reader-may-answer\n");
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Merge or wait?"), ScriptedReply.Text("Merge it."));
        relay.Drop("session-1", "Shall I?");
        await AskedAsync(relay, ", ");

        await File.AppendAllTextAsync(relay.Home.EnvFile, "NTFY_ANSWER_TOPIC=another-topic\n", CancellationToken);
        await Until.TrueAsync(() => relay.Secrets.NtfyAnswerTopic == "another-topic", "the new topic");
        relay.Ntfy.Say("another-topic", "merge");

        Assert.Equal("Merge it.", await relay.ConsumeAsync("session-1"));
    }

    private static Task<Page> AskedAsync(RunningRelay relay, string title) => relay.Ntfy.WaitForPageAsync(
        page => (page.Title + ", ").Contains("[NEEDS-JC]", StringComparison.Ordinal)
            && (page.Title + ", ").Contains(title, StringComparison.Ordinal),
        RunningRelay.Patience);
}

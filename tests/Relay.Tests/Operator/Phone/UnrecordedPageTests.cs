using Relay.Loopback;
using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Relay.Storage;
using Xunit;
using Handset = Relay.Loopback.Phone;

namespace Relay.Tests.Operator.Phone;

/// <summary>The phone has a page and the relay has no record of that: it was killed in between, or the server's answer was lost. Its
/// question is answered before the page goes out again. What stands on the phone says so.</summary>
public sealed class UnrecordedPageTests : PhoneTests
{
    private protected override string Config => "page_buttons: every-reader-may-answer\n";

    [Fact]
    public async Task A_tap_on_it_is_receipted_whatever_is_recorded()
    {
        var page = await EscalateUnrecordedAsync("[NEEDS-JC] Merge?\n- (a) Merge\n- (b) Wait");
        await Handset.TapAsync(page, "b: Wait", CancellationToken);
        Assert.Equal(1, await ListenAsync());

        Assert.Equal(("answered: b", page.SequenceId), await ReceiptAsync());
    }

    [Theory]
    [InlineData("wait")]
    [InlineData("#1 wait")]
    public async Task So_are_words_from_the_phone(string words)
    {
        var page = await EscalateUnrecordedAsync();
        Ntfy.Say(AnswerTopicName, words);
        Assert.Equal(1, await ListenAsync());

        Assert.Equal(("answered: wait", page.SequenceId), await ReceiptAsync());
    }

    [Fact]
    public async Task So_is_an_answer_from_elsewhere()
    {
        var page = await EscalateUnrecordedAsync();
        await Relay.AnswerAsync("wait");

        Assert.Equal(("answered: wait, by the test", page.SequenceId), await ReceiptAsync());
    }

    [Fact]
    public async Task Put_off_by_its_button_it_says_so_with_buttons_of_its_own()
    {
        var page = await EscalateUnrecordedAsync();
        await Handset.TapAsync(page, "Later", CancellationToken);
        Assert.Equal(1, await ListenAsync());

        var later = await PageAsync();
        Assert.Equal(page.SequenceId, later.SequenceId);
        Assert.Contains(", again at", later.Title, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_of_a_burst_is_settled_too()
    {
        await BeforeRecordingAsync(async () =>
        {
            for (var number = 1; number <= 4; number++)
                await AskPermissionAsync($"make {number}", $"session-{number}");
        });
        var page = Ntfy.Pages[^1];
        Assert.Contains("4 questions wait", page.Title, StringComparison.Ordinal);
        for (var number = 1; number <= 4; number++)
            Ntfy.Say(AnswerTopicName, $"#{number} deny");
        Assert.Equal(4, await ListenAsync());

        Assert.Equal(("all 4 are settled", page.SequenceId), await ReceiptAsync());
        Assert.Single(Ntfy.Showing, shown => shown.Topic != AnswerTopicName); // None of them has a page of its own.
    }

    [Fact]
    public async Task A_page_whose_sending_was_cut_gets_its_receipt()
    {
        Ntfy.Enqueue(NtfyFault.CutAfterAccepting());
        await EscalateAsync();
        await Relay.RunAsync<Pager>();
        var page = Ntfy.Pages[^1];
        await Relay.AnswerAsync("wait");

        Assert.Equal(("answered: wait, by the test", page.SequenceId), await ReceiptAsync());
    }

    [Theory]
    [InlineData(502)]
    [InlineData(504)]
    public async Task So_does_one_for_which_a_proxy_had_no_answer_of_the_server(int status)
    {
        Ntfy.Enqueue(NtfyFault.Foreign(status, "<html>no answer</html>"));
        await EscalateAsync();
        await Relay.RunAsync<Pager>();
        await Relay.AnswerAsync("wait");

        Assert.Equal("answered: wait, by the test", (await ReceiptAsync()).Item1);
    }

    [Fact]
    public async Task A_page_that_the_server_refused_for_now_gets_none()
    {
        Ntfy.Enqueue(NtfyFault.Status(503));
        await EscalateAsync();
        await Relay.RunAsync<Pager>();
        await Relay.AnswerAsync("wait");
        await Relay.RunAsync<Following>();
        await Relay.RunAsync<Pager>();

        Assert.DoesNotContain(Ntfy.Pages, page => page.Topic != AnswerTopicName);
    }

    private Task<Page> EscalateUnrecordedAsync(string reply = "[NEEDS-JC] Merge or wait?") =>
        BeforeRecordingAsync(() => EscalateAsync(reply));

    /// <summary>The relay is killed when the server has the page, before that is recorded.</summary>
    private async Task<Page> BeforeRecordingAsync(Func<Task> ask)
    {
        await ask();
        await PageAsync();
        await Relay.WriteAsync(async writing =>
        {
            await writing.Sql("UPDATE pages SET state = 'queued', sent_at = NULL, attempts = 0 WHERE sent_at IS NOT NULL")
                .ExecuteAsync(CancellationToken);
            return true;
        });
        Relay.Clock.Advance(TimeSpan.FromSeconds(1));
        await Relay.RestartAsync();
        return Ntfy.Pages[^1];
    }

    private async Task<(string Message, string SequenceId)> ReceiptAsync()
    {
        await Relay.RunAsync<Following>();
        await Relay.RunAsync<Pager>();
        var page = Ntfy.Pages.Last(each => each.Topic != AnswerTopicName);
        return (page.Message, page.SequenceId!);
    }
}

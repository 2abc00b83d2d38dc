using Relay.Agents.Hooks;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Loopback;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Xunit;
using Handset = Relay.Loopback.Phone;

namespace Relay.Tests.Operator.Phone;

/// <summary>What the page of a question shows, from its first time to its receipt.</summary>
public sealed class QuestionPageTests : PhoneTests
{
    private protected override string Config => "public_url: https://relay.example.org\n";

    [Fact]
    public async Task An_answered_question_reads_so_in_its_place_and_once_more_when_the_reply_is_delivered()
    {
        await EscalateAsync();
        var asked = await PageAsync();
        Relay.Advisor.Reply("Merge it.");
        Ntfy.Say(AnswerTopicName, "B");
        await ListenAsync();
        Assert.Equal("answered: B", (await ReceiptAsync()).Message);

        await Relay.RestartAsync();
        await Relay.PassAsync();
        var receipt = await ReceiptAsync();

        Assert.Equal(("answered: B, delivered to session-1", asked.SequenceId), (receipt.Message, receipt.SequenceId));
        Assert.Empty(Labels(receipt));
        Assert.InRange(receipt.Priority, 1, 2);
        var sent = Ntfy.Pages.Count;
        await ReceiptAsync();
        Assert.Equal(sent, Ntfy.Pages.Count);
        Assert.DoesNotContain(Ntfy.Pages, page => page.Event != "message"); // Never deleted: that leaves a blank row on iOS.
    }

    [Fact]
    public async Task A_question_that_is_closed_elsewhere_says_by_what()
    {
        await EscalateAsync();
        await PageAsync();
        await Relay.AnswerAsync("wait");

        Assert.Equal("answered: wait, by the test", (await ReceiptAsync()).Message);
    }

    [Fact]
    public async Task A_reply_that_was_handed_to_a_session_is_delivered_and_the_rulings_number_is_told()
    {
        Relay.Advisor.Reply("[NEEDS-JC] Merge or wait?");
        await Relay.AcceptAsync("session-1", "a question", channel: ReplyChannel.Agent);
        await Relay.TakeTurnsAsync();
        await PageAsync();
        await Relay.AnswerAsync("wait");
        await Relay.TakeTurnsAsync();
        var receipt = await ReceiptAsync();
        Assert.Equal(("answered: wait, by the test", "Answered (#1), ruling 1"), (receipt.Message, receipt.Title)); // It is only ready.

        var reply = Assert.Single(await Relay.ReadAsync(reading =>
            Outbox.ForAgentAsync(reading, SessionId.Stored("session-1"), CancellationToken)));
        await Relay.WriteAsync(writing => Outbox.HandedAsync(writing, reply, new Handing("a", "next"), CancellationToken));
        Assert.Equal("answered: wait, by the test, delivered to session-1", (await ReceiptAsync()).Message);
    }

    [Fact]
    public async Task A_default_that_was_taken_reads_so()
    {
        await EscalateAsync("[NEEDS-JC by=2h default=a] Merge?\n- (a) Merge now\n- (b) Wait");
        await PageAsync();
        Relay.Clock.Advance(TimeSpan.FromHours(2) + TimeSpan.FromSeconds(1));
        await Relay.RunAsync<Defaults>();
        var receipt = await ReceiptAsync();

        Assert.Equal("nobody answered, so the default was taken: (a) Merge now", receipt.Message);
        Assert.StartsWith("Default taken (#1)", receipt.Title, StringComparison.Ordinal);
        Assert.Contains(Ntfy.Pages, page => page is { Title: "Relay: the default of question #1 was taken", Priority: 4 });
    }

    [Theory]
    [InlineData("allow", "answered: allowed, by the test")]
    [InlineData("deny not here", "answered: denied: not here, by the test")]
    public async Task What_a_client_was_told_reads_so_and_otherwise_when_its_terminal_was_first(string words, string told)
    {
        var question = await AskPermissionAsync();
        await PageAsync();
        await Relay.AnswerAsync(words, question);
        Assert.Equal(told, (await ReceiptAsync()).Message);
        await Relay.Get<PermissionQuestions>().SettledAsync(question, "it was denied at the terminal", CancellationToken);
        var receipt = await ReceiptAsync();

        Assert.Equal($"Answered too late (#{question})", receipt.Title);
        Assert.Contains("nothing came of it: your answer came too late: it was denied at the terminal", receipt.Message,
            StringComparison.Ordinal);
        Relay.Clock.Advance(TimeSpan.FromDays(2));
        var pages = Ntfy.Pages.Count;
        await ReceiptAsync();
        Assert.Equal(pages, Ntfy.Pages.Count); // That it was too late is told once.
    }

    [Fact]
    public async Task What_was_settled_at_the_terminal_reads_so_in_its_place()
    {
        var question = await AskPermissionAsync();
        await PageAsync();
        await Relay.Get<PermissionQuestions>().SettledAsync(question, "it was allowed at the terminal", CancellationToken);
        var receipt = await ReceiptAsync();

        Assert.Equal(Ntfy.Pages[0].SequenceId, receipt.SequenceId);
        Assert.Contains("it was allowed at the terminal", receipt.Message, StringComparison.Ordinal);
        Assert.Empty(Labels(receipt));
    }

    [Fact]
    public async Task What_no_client_waits_for_after_a_crash_reads_so_once()
    {
        await AskPermissionAsync();
        var asked = await PageAsync();

        await Relay.WriteAsync(async writing =>
        {
            await PermissionQuestions.ExpireAllAsync(writing, CancellationToken);
            return true;
        });
        var receipt = await ReceiptAsync();

        Assert.Equal(asked.SequenceId, receipt.SequenceId);
        Assert.Equal(
            ("Relay: #1 of session-1 is settled", "no longer asked: the relay was restarted"), (receipt.Title, receipt.Message));
        Assert.Empty(Labels(receipt));
        Assert.Equal(receipt.Id, (await ReceiptAsync()).Id);
        Assert.Equal(2, Ntfy.Pages.Count);
        var late = new OperatorInput("allow", Question: 1, "the test", Key: null, UnaskedWelcome: false);
        Assert.EndsWith(
            ": the relay was restarted; nobody waits for it any more",
            Assert.IsType<Answers.Outcome.Refused>(await Relay.Get<Answers>().TakeAsync(late, CancellationToken)).Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_was_never_sent_gets_no_receipt()
    {
        await EscalateAsync();
        await Relay.AnswerAsync("wait");
        await Relay.RunAsync<Following>();
        await Relay.RunAsync<Pager>();

        Assert.Empty(Ntfy.Pages);
    }

    [Fact]
    public async Task A_permission_has_allow_deny_and_open()
    {
        var question = await AskPermissionAsync();
        var page = await PageAsync();

        Assert.Equal(["Allow", "Deny", "Open"], Labels(page));
        Assert.Equal($"https://relay.example.org/questions/{question}", page.Click);
    }

    [Fact]
    public async Task What_is_cut_on_the_page_cannot_be_allowed_by_a_button()
    {
        await AskPermissionAsync(new string('x', 9_000));

        Assert.Equal(["Deny", "Open"], Labels(await PageAsync()));
    }

    [Fact]
    public async Task Put_off_it_is_asked_again_at_its_time_with_buttons_of_its_own()
    {
        await EscalateAsync();
        var first = await PageAsync();
        Assert.Equal(["Later", "Open"], Labels(first));
        await Handset.TapAsync(first, "Later", CancellationToken);
        await ListenAsync();
        var later = await PageAsync();
        Assert.Contains("again at", later.Title, StringComparison.Ordinal);
        Assert.Equal((2, first.SequenceId), (later.Priority, later.SequenceId));
        Assert.NotEqual(Body(first, "Later"), Body(later, "Later"));

        await Handset.TapAsync(first, "Later", CancellationToken); // Of the older page.
        await ListenAsync();
        Assert.Contains(await Relay.PagesAsync(), page => page.Body.Contains("older page", StringComparison.Ordinal));
        await Relay.RestartAsync();
        Relay.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(later.Id, (await FollowAsync()).Id);
        Relay.Clock.Advance(TimeSpan.FromMinutes(2));

        var again = await FollowAsync();
        Assert.NotEqual(later.Id, again.Id);
        Assert.Equal((5, first.SequenceId), (again.Priority, again.SequenceId));
        Assert.DoesNotContain("again at", again.Title, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unanswered_it_is_paged_again_louder_and_before_the_server_forgets_it_with_new_buttons()
    {
        await EscalateAsync();
        var first = await PageAsync();
        Relay.Clock.Advance(TimeSpan.FromMinutes(31));
        var reminded = await FollowAsync();
        Assert.EndsWith(", for 31m", reminded.Title, StringComparison.Ordinal);
        Assert.Equal((5, first.SequenceId, Body(first, "Later")), (reminded.Priority, reminded.SequenceId, Body(reminded, "Later")));

        await Relay.RestartAsync();
        Relay.Clock.Advance(TimeSpan.FromHours(11));
        Assert.Equal(reminded.Id, (await FollowAsync()).Id);
        Relay.Clock.Advance(TimeSpan.FromHours(1.5));
        var again = await FollowAsync();

        Assert.NotEqual(reminded.Id, again.Id);
        Assert.NotEqual(Body(first, "Later"), Body(again, "Later"));
    }

    [Theory]
    [InlineData("seen")]
    [InlineData("#1 seen")]
    [InlineData("Later 3h")]
    [InlineData("later until 11:30")]
    public async Task Words_stop_the_ladder_too_and_answer_nothing(string words)
    {
        await EscalateAsync();
        await PageAsync();
        Ntfy.Say(AnswerTopicName, words);
        await ListenAsync();
        Relay.Clock.Advance(TimeSpan.FromMinutes(40));
        await Relay.RunAsync<Following>();

        Assert.Single(await Relay.OpenQuestionsAsync());
        Assert.DoesNotContain("for 40m", (await PageAsync()).Title, StringComparison.Ordinal);
        Relay.Clock.Advance(TimeSpan.FromHours(3));
        Assert.DoesNotContain("again at", (await FollowAsync()).Title, StringComparison.Ordinal);
    }

    private async Task<Page> ReceiptAsync()
    {
        await Relay.RunAsync<Dispatcher>();
        return await FollowAsync();
    }

    private async Task<Page> FollowAsync()
    {
        await Relay.RunAsync<Following>();
        await PageAsync();
        return Ntfy.Pages.Last(page => page.SequenceId == Ntfy.Pages[0].SequenceId);
    }
}

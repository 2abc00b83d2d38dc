using System.Net;
using Relay.Loopback;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Storage;
using Xunit;
using Handset = Relay.Loopback.Phone;

namespace Relay.Tests.Operator.Phone;

/// <summary>Every question has the buttons of its own options, three at most, and a tap is that option and no other.</summary>
public sealed class OptionButtonsTests : PhoneTests
{
    private const string Two = "[NEEDS-JC] Merge?\n- (a) Merge them now\n- (b) Keep both until Friday";

    private const string Three = Two + " (recommended)\n- (c) Drop one";

    private protected override string Config => "public_url: https://relay.example.org\n";

    [Theory]
    [InlineData(Two, new[] { "a: Merge them now", "b: Keep both until Friday", "Open" })]
    [InlineData(Three, new[] { "b: Keep both until Friday", "Later", "Open" })]
    [InlineData(Two + "\n- (c) Drop one", new[] { "Later", "Open" })]
    public async Task Of_two_options_both_of_more_the_recommended_one(string asked, string[] labels)
    {
        await EscalateAsync(asked);

        Assert.Equal(labels, Labels(await PageAsync()));
    }

    [Theory]
    [InlineData(false, new[] { "Queue", "Poll" }, new[] { "1: Queue", "2: Poll", "Open" })]
    [InlineData(false, new[] { "Queue", "Poll (Recommended)", "Neither" }, new[] { "2: Poll (Recommended)", "Open" })]
    [InlineData(false, new[] { "Queue", "Poll", "Neither" }, new[] { "Open" })]
    [InlineData(true, new[] { "Queue", "Poll" }, new[] { "Open" })]
    public async Task Of_a_choice_its_own_options_where_one_is_chosen(bool several, string[] options, string[] labels)
    {
        await AskChoiceAsync(options, several);

        Assert.Equal(labels, Labels(await PageAsync()));
    }

    [Fact]
    public async Task Of_several_questions_at_once_none()
    {
        var one = new ChoiceQuestion("Queue or poll?", "Way", [new ChoiceOption("Queue", ""), new ChoiceOption("Poll", "")], false);
        await AskAsync(QuestionKind.Choice, new ClientAsk.Choice([one, one with { Question = "And then?" }]), "two questions");

        Assert.Equal(["Open"], Labels(await PageAsync()));
    }

    [Theory]
    [InlineData("1. Do it.", new[] { "Approve", "Send back", "Open" })]
    [InlineData(null, new[] { "Send back", "Open" })]
    public async Task A_plan_is_approved_where_its_text_is_known(string? text, string[] labels)
    {
        await AskAsync(QuestionKind.Plan, new ClientAsk.Plan(text), text ?? "no text");

        Assert.Equal(labels, Labels(await PageAsync()));
    }

    [Theory]
    [InlineData("title")]
    [InlineData("none")]
    public async Task Where_the_text_stays_here_a_button_says_the_key_and_grants_nothing(string content)
    {
        await Relay.ConfigureAsync($"public_url: https://relay.example.org\npage_content: {content}\n");
        await EscalateAsync(Two);
        Assert.Equal(["a", "b", "Open"], Labels(await PageAsync()));
        Assert.DoesNotContain(Ntfy.Attempts, sent => sent.Contains("Merge them", StringComparison.Ordinal));
        await Relay.AnswerAsync("a");
        await AskChoiceAsync(["Queue", "Poll"]);
        Assert.Equal(["1", "2", "Open"], Labels(await PageAsync()));
        await AskAsync(QuestionKind.Plan, new ClientAsk.Plan("1. Do it."), "1. Do it.");

        Assert.Equal(["Send back", "Open"], Labels(await PageAsync()));
    }

    [Fact]
    public async Task A_tap_on_an_option_of_the_advisors_chooses_it()
    {
        await EscalateAsync(Two);
        await TapAsync(await PageAsync(), "b: Keep both until Friday");

        var question = await FindAsync(1);
        Assert.Equal(("b", "b", "the phone"), (question.Chosen, question.Answer, question.AnsweredVia));
        await Relay.TakeTurnsAsync();
    }

    [Fact]
    public async Task A_tap_on_an_option_of_a_choice_chooses_it()
    {
        var asked = await AskChoiceAsync(["Queue", "Poll"]);
        await TapAsync(await PageAsync(), "2: Poll");

        var answered = Assert.IsType<Decision.Answered>(Decision.Parse((await FindAsync(asked)).Decision));
        Assert.Equal(["Poll"], Assert.Single(answered.Answers).Labels);
    }

    /// <summary>Their numbers stand on the buttons, and their names are other choices' numbers.</summary>
    [Theory]
    [InlineData("1: 2", "2")]
    [InlineData("2: 1", "1")]
    public async Task A_tap_is_the_option_it_shows_where_options_are_called_by_numbers(string label, string chosen)
    {
        var asked = await AskChoiceAsync(["2", "1"]);
        await TapAsync(await PageAsync(), label);

        var answered = Assert.IsType<Decision.Answered>(Decision.Parse((await FindAsync(asked)).Decision));
        Assert.Equal([chosen], Assert.Single(answered.Answers).Labels);
    }

    [Fact]
    public async Task What_was_put_in_the_place_of_options_is_not_chosen_by_the_button_of_what_was_shown()
    {
        var asked = await AskChoiceAsync(["Queue", "Poll"]);
        var page = await PageAsync();
        await Relay.WriteAsync(async writing =>
            await writing.Sql("UPDATE questions SET text = 'Drop it?'").ExecuteAsync(CancellationToken));
        await TapAsync(page, "2: Poll");

        Assert.True((await FindAsync(asked)).IsOpen);
        Assert.Single(await RefusalsAsync());
    }

    [Theory]
    [InlineData("Approve", "approved")]
    [InlineData("Send back", "sent back")]
    public async Task A_tap_on_a_plans_button_is_what_it_says(string label, string word)
    {
        var ask = new ClientAsk.Plan("1. Do it.");
        var asked = await AskAsync(QuestionKind.Plan, ask, "1. Do it.");
        await TapAsync(await PageAsync(), label);

        Assert.Equal(word, Decision.Parse((await FindAsync(asked)).Decision)!.Word(ask));
    }

    [Theory]
    [InlineData(false, "Allow")]
    [InlineData(true, "Approve")]
    public async Task What_was_put_in_its_place_is_not_granted_by_the_button_of_what_was_shown(bool isPlan, string label)
    {
        var asked = isPlan ? await AskAsync(QuestionKind.Plan, new ClientAsk.Plan("make"), "make") : await AskPermissionAsync("make");
        var page = await PageAsync();
        await Relay.WriteAsync(async writing => await writing.Sql("UPDATE questions SET text = 'rm -r /'").ExecuteAsync(CancellationToken));
        await TapAsync(page, label);
        var words = page.Message.Split(": ").First(each => each.StartsWith($"#{asked} a", StringComparison.Ordinal)).Split('\n')[0];
        Ntfy.Say(AnswerTopicName, words);
        await ListenAsync();

        Assert.True((await FindAsync(asked)).IsOpen);
        Assert.Equal(2, (await RefusalsAsync()).Count);
        Assert.Equal(2, Relay.Logs.GetSnapshot().Count(log => log.Message.Contains("is refused", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_button_of_a_question_that_was_taken_back_grants_nothing_of_the_next_one()
    {
        var first = await AskPermissionAsync("make");
        var page = await PageAsync();
        await Relay.WriteAsync(async writing => await QuestionStore.ExpireAsync(
            writing, (await QuestionStore.FindAsync(writing, first, CancellationToken))!, "the client stopped waiting", CancellationToken));
        var second = await AskPermissionAsync("rm -r /");
        await PageAsync();
        await TapAsync(page, "Allow");

        Assert.True((await FindAsync(second)).IsOpen);
        Assert.Contains("expired", Assert.Single(await RefusalsAsync()), StringComparison.Ordinal);
    }

    private Task<long> AskChoiceAsync(string[] options, bool several = false)
    {
        var one = new ChoiceQuestion("Queue or poll?", "Way", [.. options.Select(each => new ChoiceOption(each, ""))], several);
        return AskAsync(QuestionKind.Choice, new ClientAsk.Choice([one]), "Queue or poll?");
    }

    private async Task TapAsync(Page page, string label)
    {
        Assert.Equal(HttpStatusCode.OK, await Handset.TapAsync(page, label, CancellationToken));
        await ListenAsync();
    }
}

using Relay.Operator.Asked;
using Xunit;

namespace Relay.Tests.Operator.Asked;

public sealed class ChoiceWordsTests
{
    private static readonly ChoiceQuestion Store = new(
        "Which store?", "Store", [new("SQLite", "one file"), new("Postgres", ""), new("No", ""), new("A, B", "")], MultiSelect: false);

    private static readonly ChoiceQuestion Extras = new(
        "Which extras?", "Extras", [new("Backups", "nightly"), new("Metrics", ""), new("Skip", ""), new("3", "")], MultiSelect: true);

    [Theory]
    [InlineData("2", "Postgres")]
    [InlineData(" 2. ", "Postgres")]
    [InlineData("1: 2", "Postgres")]
    [InlineData("postgres", "Postgres")]
    [InlineData("no", "No")]
    [InlineData("a, b", "A, B")]
    [InlineData("2\nnote: it scales", "Postgres|note it scales")]
    [InlineData("neither, wait", "words neither, wait")]
    [InlineData("3 nodes of it", "words 3 nodes of it")]
    [InlineData("words: 7", "words 7")]
    [InlineData("two lines\nof it", "words two lines\nof it")]
    [InlineData("Why not both: yes", "words Why not both: yes")]
    [InlineData("#2", "words #2")]
    [InlineData("Store: Postgres", "Postgres")]
    [InlineData("store: 2\nnote: it scales", "Postgres|note it scales")]
    [InlineData("Store: something else: yes", "words something else: yes")]
    [InlineData("1: words of mine\nthat go on", "words words of mine\nthat go on")]
    [InlineData("words: 10: 30", "words 10: 30")]
    public void One_of_several_is_chosen_by_number_or_name_or_answered_in_words(string words, string answer) =>
        Assert.Equal([answer], Answers([Store], words));

    [Theory]
    [InlineData("1,2", "Backups+Metrics")]
    [InlineData("2 1", "Metrics+Backups")]
    [InlineData("backups , 2", "Backups+Metrics")]
    [InlineData("1,1", "Backups")]
    [InlineData("Backups; Metrics", "Backups+Metrics")]
    [InlineData("1: 1\n1: 2", "Backups+Metrics")]
    [InlineData("1: 1\n2", "Backups+Metrics")]
    [InlineData("2\nExtras: Backups", "Metrics+Backups")]
    [InlineData("extras: 1, 2", "Backups+Metrics")]
    [InlineData("skip", "Skip")]
    [InlineData("3", "3")] // A name goes before a number,
    [InlineData("3)", "Skip")] // unless it says that it is one.
    [InlineData("1., 3.", "Backups+Skip")]
    public void Several_are_chosen_where_that_is_allowed(string words, string answer) => Assert.Equal([answer], Answers([Extras], words));

    [Theory]
    [InlineData("1: 2\n2: 1, 2", "Postgres", "Backups+Metrics")]
    [InlineData("2: Backups\n1: SQLite", "SQLite", "Backups")]
    [InlineData("store: 1\nEXTRAS: words: none of it", "SQLite", "words none of it")]
    [InlineData("1: 2\nnote: a\n\n2: 1\nnote: b: c", "Postgres|note a", "Backups|note b: c")]
    [InlineData("1: skip\n2: 2", "Metrics")]
    [InlineData("1: why: because\n2: 2", "words why: because", "Metrics")]
    [InlineData("1: 2\n2: Backups\n2: Metrics", "Postgres", "Backups+Metrics")]
    [InlineData("2: 1\n1: 2\nExtras: 2\nnote: both", "Postgres", "Backups+Metrics|note both")]
    public void Several_questions_are_answered_each_by_itself(string words, params string[] answers) =>
        Assert.Equal(answers, Answers([Store, Extras], words));

    [Theory]
    [InlineData("5", "there is no choice 5, only 1 to 4")]
    [InlineData("0", "there is no choice 0")]
    [InlineData("1, 2", "only one may be chosen")]
    [InlineData("1, 9", "there is no choice 9")]
    [InlineData("Postgres, because it scales", "is none of the choices")]
    [InlineData("skip", "cannot be left out")]
    [InlineData("allow", "nothing to allow")]
    [InlineData("always", "nothing to always")]
    [InlineData("approve 12345678", "nothing to approve")]
    [InlineData("note: no answer", "a note and no answer")]
    [InlineData("words:", "there is no answer")]
    [InlineData("2: 1", "it has no question 2")]
    [InlineData("1: 1\n2: 1", "it has no question 2")]
    [InlineData("1: 1\n1: 2", "only one may be chosen")]
    [InlineData("2\n1", "only one may be chosen")]
    [InlineData("1: one thing\n1: another", "question 1 is answered twice")]
    [InlineData("Store:", "there is no answer")]
    public void What_is_out_of_range_or_may_mean_two_things_is_refused(string words, string reason) =>
        Assert.Contains(reason, Refusal([Store], words), StringComparison.Ordinal);

    [Theory]
    [InlineData("2", "does not say for which")]
    [InlineData("1: 2", "question 2 (Extras) has no answer")]
    [InlineData("1: 2\n2:", "question 2: there is no answer")]
    [InlineData("1: 2\n2: 1\n1: 1", "question 1 is answered twice")]
    [InlineData("1: 2\n2: 1\n2: some words", "question 2 is answered twice")]
    [InlineData("1: 2\n2: 1\n2: 9", "question 2: there is no choice 9")]
    [InlineData("1: 2\n3: 1", "it has no question 3")]
    [InlineData("1: skip\n2: words: x\nnote: a\nnote: b", "a note stands in the line after")]
    [InlineData("note: a\n1: 2\n2: 1", "a note stands in the line after")]
    [InlineData("1: skip\nnote: why\n2: 1", "what is left out has no note")]
    [InlineData("1: words of mine\nthat go on\n2: 1", "does not say for which")]
    public void Of_several_questions_none_is_guessed(string words, string reason) =>
        Assert.Contains(reason, Refusal([Store, Extras], words), StringComparison.Ordinal);

    [Fact]
    public void A_name_that_two_choices_share_is_not_guessed_and_their_numbers_serve()
    {
        var twins = new ChoiceQuestion("Which?", "", [new("A", "the first"), new("a", "the second")], MultiSelect: false);

        Assert.Contains("several choices are called", Refusal([twins], "A"), StringComparison.Ordinal);
        Assert.Equal(["a"], Answers([twins], "2"));
    }

    [Theory]
    [InlineData("Decline, Metrics", "Decline+Metrics")]
    [InlineData("dismiss, 2", "Dismiss+Metrics")]
    [InlineData("Allow; Metrics", "Allow+Metrics")]
    [InlineData("allow, decline", "Allow+Decline")]
    public void Choices_that_are_called_as_a_refusal_or_a_grant_are_chosen(string words, string answer)
    {
        var several = new ChoiceQuestion(
            "Which?", "", [new("Decline", ""), new("Metrics", ""), new("Dismiss", ""), new("Allow", "")], MultiSelect: true);

        Assert.Equal([answer], Answers([several], words));
    }

    [Theory]
    [InlineData("decline", "")]
    [InlineData("Decline: ask me later", "ask me later")]
    [InlineData("deny, not now", "not now")]
    [InlineData("dismiss", "")]
    public void It_may_be_declined(string words, string reason)
    {
        var reading = ChoiceWords.Of(new ClientAsk.Choice([Extras, Store]), words);

        Assert.Equal(new Decision.Denied(reason), Assert.IsType<AnswerReading.Clear>(reading).Decision);
    }

    private static string Refusal(ChoiceQuestion[] questions, string words) =>
        Assert.IsType<AnswerReading.Refused>(ChoiceWords.Of(new ClientAsk.Choice(questions), words)).Reason;

    private static IEnumerable<string> Answers(ChoiceQuestion[] questions, string words)
    {
        var reading = ChoiceWords.Of(new ClientAsk.Choice(questions), words);
        var clear = reading as AnswerReading.Clear ?? throw new InvalidOperationException(reading.ToString());
        return Assert.IsType<Decision.Answered>(clear.Decision).Answers
            .Select(each => Shown(each) + (each.Note is { } note ? $"|note {note}" : ""));
    }

    private static string Shown(Chosen chosen) => chosen.Words is { } own ? $"words {own}" : string.Join('+', chosen.Labels);
}

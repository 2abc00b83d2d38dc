using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Operator.Phone;

/// <summary>What a button's token stands for.</summary>
internal abstract record ButtonPress
{
    private ButtonPress() { }

    public sealed record Answer(long Question, string Words) : ButtonPress;

    public sealed record Later(long Question) : ButtonPress;

    /// <summary>The question is closed.</summary>
    public sealed record Late(Question Question) : ButtonPress;

    public sealed record Refused(string Reason) : ButtonPress;

    private static readonly Refused NotOurs = new("it is no button of this relay's, or its page is an older one: nothing was done");

    public static async Task<ButtonPress> OfAsync(Reading reading, string text, Secrets secrets, CancellationToken cancellationToken)
    {
        if (ButtonToken.Parse(text) is not { } token
            || await QuestionStore.FindAsync(reading, token.Question, cancellationToken) is not { } question)
            return NotOurs;
        if (!question.IsOpen)
            return new Late(question);
        var words = token.Key == ButtonToken.Later
            ? ""
            : AnswerOption.Of(question).FirstOrDefault(option => option.Key == token.Key)?.Words;
        if (words is null
            || await PageStore.FindStandingAsync(reading, PageCause.Question(question.Id), cancellationToken) is not { } page
            || !token.IsOf(secrets, page, question, words))
            return NotOurs;
        if (token.Issue != page.Issue)
            return new Refused($"this button of question #{question.Id} is of an older page; those of the newest count");
        return token.Key == ButtonToken.Later ? new Later(question.Id) : new Answer(question.Id, words);
    }
}

using System.Globalization;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Operator.Phone;
using Relay.Operator.Rulings;
using Relay.Storage;

namespace Relay.Web.Dashboard;

/// <summary>Takes what is sent from the page. What is refused is said, with the words that were written.</summary>
internal sealed class Sending(NowPages pages, Answers answers, OwnWords own, PuttingOff puttingOff, Database database)
{
    private const string Via = "the page";

    public Task AnswerAsync(HttpContext context) => TakeAsync(context, async form =>
    {
        if (form.Question is null)
            return new Sent.Refused("which question is answered is missing");
        return await TakeAnswerAsync(context, form, InputOf(form, SentWords.Of(form)) with { Key = form.Key });
    });

    /// <summary>An answer to what a session's client asks its human to choose.</summary>
    public Task ChooseAsync(HttpContext context) => TakeAsync(context, async form =>
    {
        var question = form.Question is { } number
            ? await database.ReadAsync(reading => QuestionStore.FindAsync(reading, number, context.RequestAborted), context.RequestAborted)
            : null;
        if (question?.Ask is not ClientAsk.Choice choice)
            return new Sent.Refused("that is no choice");
        var chosen = ChoiceFields.Read(choice, form);
        if (chosen.Fault is { } fault)
            return new Sent.Refused($"question #{question.Id} stays open: {fault}", chosen.Words);
        var input = InputOf(form, chosen.Words) with { Key = form.Key, Choices = chosen.Answers };
        return await TakeAnswerAsync(context, form, input);
    });

    private async Task<Sent> TakeAnswerAsync(HttpContext context, SentForm form, OperatorInput input) =>
        await answers.TakeAsync(input, context.RequestAborted) switch
        {
            Answers.Outcome.Refused refused => new Sent.Refused(refused.Reason, input.Text),
            Answers.Outcome.Direct direct => new Sent.Taken($"/?told={direct.Session}"),
            _ => new Sent.Taken(string.Create(CultureInfo.InvariantCulture, $"/?answered={form.Question}")),
        };

    /// <summary>Held for a moment, in which it can be taken back. What would be refused then is refused now.</summary>
    public Task TapAsync(HttpContext context) => TakeAsync(context, async form =>
    {
        database.ThrowIfDamaged();
        return await database.WriteAsync<Sent>(
            async writing =>
            {
                var input = InputOf(form, form.Field("tap") is { Length: > 0 } tapped ? tapped : form.Text);
                if (await Answers.WhyNotAsync(writing, input, context.RequestAborted) is { } reason)
                    return new Sent.Refused(reason);
                var tap = new Tap(input.Question!.Value, input.Text, input.Digest, Via, writing.Now) { Scope = input.Scope };
                return await Taps.HoldAsync(writing, tap, context.RequestAborted) // The same once more is the same.
                    || (await Taps.WaitingAsync(writing, context.RequestAborted)).Exists(tap.IsSame)
                    ? new Sent.Taken(WhereTapped(context, tap.Question))
                    : new Sent.Refused($"question #{tap.Question} has a tap that is on its way already: take that back, or wait for it");
            },
            context.RequestAborted);
    });

    /// <summary>Where it can be taken back: the page of all may not show its question in full.</summary>
    private static string WhereTapped(HttpContext context, long question)
    {
        var own = string.Create(CultureInfo.InvariantCulture, $"/questions/{question}");
        return Uri.TryCreate(context.Request.Headers.Referer.ToString(), UriKind.Absolute, out var from) && from.AbsolutePath == own
            ? own
            : "/";
    }

    public Task UndoAsync(HttpContext context) => TakeAsync(context, async form =>
        form.Question is { } question && await database.WriteAsync(
            writing => Taps.UndoAsync(writing, question, context.RequestAborted), context.RequestAborted)
            ? new Sent.Taken("/?taken_back")
            : new Sent.Refused("it is too late to take it back, or there is nothing"));

    public Task SeenAsync(HttpContext context) => TakeAsync(context, async form =>
    {
        if (form.Question is { } question)
            await database.WriteAsync(writing => Taps.SeenAsync(writing, question, context.RequestAborted), context.RequestAborted);
        return new Sent.Taken("/");
    });

    /// <summary>The question stays, and is not asked again before that time.</summary>
    public Task LaterAsync(HttpContext context) => TakeAsync(context, async form =>
        form.Question is not { } question || LaterWords.Parse(form.Field("later")) is not { } words
            ? new Sent.Refused("until when is missing")
            : await database.WriteAsync(
                writing => puttingOff.TakeAsync(writing, words with { Question = question }, context.RequestAborted),
                context.RequestAborted) is { } reason
            ? new Sent.Refused(reason)
            : new Sent.Taken("/"));

    public Task AskBackAsync(HttpContext context) => TakeAsync(context, async form =>
        form.Key is not { } key || form.Question is not { } question
            ? new Sent.Refused("the form is not whole: load the page anew")
            : await own.AskBackAsync(question, form.Text, key, context.RequestAborted) is { } reason
            ? new Sent.Refused(reason)
            : new Sent.Taken(string.Create(CultureInfo.InvariantCulture, $"/?asked_back={question}")));

    /// <summary>To a session itself, or to the advisor of a conversation.</summary>
    public Task SayAsync(HttpContext context) => TakeAsync(context, async form =>
    {
        if (form.Key is not { } key)
            return new Sent.Refused("the form is not whole: load the page anew");
        var (to, isToSession) = (form.Field("to"), form.Field("to").StartsWith('@'));
        if (!isToSession && !OwnWords.AreForSession(form.Text))
            return await own.SayAsync(to, form.Text, key, context.RequestAborted) is { } reason
                ? new Sent.Refused(reason)
                : new Sent.Taken($"/?said={Uri.EscapeDataString(to)}");
        var input = new OperatorInput(
            isToSession ? $"{to}: {form.Text}" : form.Text, Question: null, Via, key, UnaskedWelcome: false);
        return await answers.TakeAsync(input, context.RequestAborted) switch
        {
            Answers.Outcome.Refused refused => new Sent.Refused(refused.Reason),
            Answers.Outcome.Direct direct => new Sent.Taken($"/?told={direct.Session}"),
            _ => new Sent.Taken(isToSession ? $"/?told={Uri.EscapeDataString(to[1..])}" : "/"),
        };
    });

    private abstract record Sent
    {
        public sealed record Taken(string Onward) : Sent;

        /// <summary>With the words that were not taken, where they are not the form's own.</summary>
        public sealed record Refused(string Reason, string? Words = null) : Sent;
    }

    private static OperatorInput InputOf(SentForm form, string words) => new(words, form.Question, Via, Key: null, UnaskedWelcome: false)
    {
        Digest = form.Field("digest") is { Length: > 0 } digest ? digest : null,
        Scope = ScopeWords.Parse(form.Field("scope")),
    };

    private async Task TakeAsync(HttpContext context, Func<SentForm, Task<Sent>> take)
    {
        if (await Forms.ReadAsync(context, pages.Config) is not { } form)
            return;
        var limit = pages.Config.MaxEnvelopeBytes;
        switch (form.LongestBytes > limit
            ? new Sent.Refused($"it is over the limit of {limit} bytes (max_envelope_bytes)")
            : form.Field("scope") is { Length: > 0 } scope && ScopeWords.Parse(scope) is null
            ? new Sent.Refused($"the scope is to be {ScopeWords.Allowed}")
            : await take(form))
        {
            case Sent.Refused refused:
                var words = refused.Words ?? form.Text;
                var notice = new NoticeView($"Not sent: {refused.Reason}.", IsRefusal: true, words.Length == 0 ? null : words);
                await pages.ShowAsync(context, StatusCodes.Status409Conflict, notice);
                break;
            case Sent.Taken taken:
                context.Response.StatusCode = StatusCodes.Status303SeeOther;
                context.Response.Headers.Location = taken.Onward;
                break;
        }
    }
}

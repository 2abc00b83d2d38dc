using Relay.Http;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Texts;

namespace Relay.Web.Api;

/// <summary>POST /answers: takes the operator's words, and says what became of them.</summary>
internal static class Answering
{
    public static async Task AnswerAsync(HttpContext context)
    {
        if (await Endpoints.BodyAsync<AnswerBody>(context) is not { } body)
            return;
        if (body.Fault() is { } fault)
        {
            await Problem.WriteAsync(context, 400, fault);
            return;
        }
        var input = new OperatorInput(body.Words, body.Question, body.Way, body.Id, UnaskedWelcome: false)
        {
            Digest = body.Digest,
            Choices = body.Answers,
            Scope = ScopeWords.Parse(body.Scope),
            OnlyFor = body.OnlyFor,
        };
        var receipts = Endpoints.Of<Receipts>(context);
        await (await Endpoints.Of<Answers>(context).TakeAsync(input, context.RequestAborted) switch
        {
            Answers.Outcome.Refused refused => Problem.WriteAsync(context, 409, refused.Reason),
            Answers.Outcome.Accepted accepted =>
                Json.WriteAsync(context, 200, await receipts.OfAsync(accepted, context.RequestAborted)),
            Answers.Outcome.Direct direct =>
                Json.WriteAsync(context, 200, new
                {
                    Outcome = "direct",
                    direct.Question,
                    Session = direct.Session.Value,
                    Where = await receipts.WhereAsync(direct.Session, context.RequestAborted),
                    StillOpen = direct.StillOpen.Select(each => new { each.Id, Session = each.Whose, Kind = each.Kind.Word() }),
                }),
            _ => Json.WriteAsync(context, 200, new { Outcome = "repeated" }),
        });
    }
}

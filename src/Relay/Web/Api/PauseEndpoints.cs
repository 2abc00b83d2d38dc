using Relay.Conversations;
using Relay.Http;
using Relay.Operator;

namespace Relay.Web.Api;

/// <summary>The operator pauses a conversation, and has it go on.</summary>
internal static class PauseEndpoints
{
    private const string Via = "the command line";

    public static void MapPauses(this WebApplication host)
    {
        host.MapPost("/pause", PauseAsync).For(Access.Operator);
        host.MapPost("/resume", ResumeAsync).For(Access.Operator);
    }

    private static Task PauseAsync(HttpContext context) => ActAsync(
        context, (pauses, conversation) => pauses.PauseAsync(conversation, Via, context.RequestAborted));

    private static Task ResumeAsync(HttpContext context) => ActAsync(
        context, (pauses, conversation) => pauses.ResumeAsync(conversation, Via, context.RequestAborted));

    private static async Task ActAsync(HttpContext context, Func<Pauses, ConversationId, Task<Pauses.Outcome>> act)
    {
        if (await Endpoints.BodyAsync<PauseBody>(context) is not { } body)
            return;
        var conversation = body.Conversation is { } name ? new ConversationId(name) : SessionDirectory.Default;
        await (await act(Endpoints.Of<Pauses>(context), conversation) switch
        {
            Pauses.Outcome.Done done => Json.WriteAsync(
                context, 200, new { Conversation = done.Conversation.Value, done.Changed, done.CallUnderWay, done.Waiting }),
            Pauses.Outcome.Unknown unknown => Problem.WriteAsync(context, 404, unknown.Reason),
            _ => throw new InvalidOperationException(),
        });
    }

    /// <param name="Conversation">The default one where none is named.</param>
    private sealed record PauseBody(string? Conversation);
}

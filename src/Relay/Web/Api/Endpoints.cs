using System.Text;
using System.Text.Json;
using Relay.Agents.Hooks;
using Relay.Agents.Tools;
using Relay.Agents.Waking;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Http;
using Relay.Intake;
using Relay.Operator;
using Relay.Storage;
using Relay.Texts;
using Relay.Web.Status;
using Relay.Web.Watching;

namespace Relay.Web.Api;

/// <summary>What can be requested over HTTP.</summary>
internal static class Endpoints
{
    public static void MapRelay(this WebApplication host)
    {
        host.UseMiddleware<ErrorResponses>();
        host.UseMiddleware<ForwardedBy>();
        host.UseRouting(); // Before the guard, which asks the route whom it is for.
        host.UseMiddleware<RequestGuard>();
        host.UseMiddleware<RequestBounds>();
        host.UseMiddleware<McpBody>();
        host.UseMiddleware<McpSessions>();
        host.UseMiddleware<McpCalls>(); // Outside the receipt, so that a call which was cancelled counts as not delivered.
        host.UseMiddleware<DeliveryReceipt>();
        host.MapGet("/healthz", HealthAsync).For(Access.Everybody);
        host.MapGet("/status", StatusAsync).For(Access.Operator);
        host.MapPost("/ask", AskAsync).For(Access.Connections);
        host.MapPost("/answers", Answering.AnswerAsync).For(Access.Operator);
        host.MapPost("/messages/{id}/retry", RetryAsync).For(Access.Operator);
        host.MapPost("/messages/{id}/drop", DropAsync).For(Access.Operator);
        host.MapPost("/messages/retry", RetryAsync).For(Access.Operator); // Named in the body: a path cannot hold each id.
        host.MapPost("/messages/drop", DropAsync).For(Access.Operator);
        host.MapPost("/retry", RetryAllAsync).For(Access.Operator);
        host.MapPost("/words", (HttpContext context) => Of<Saying>(context).SayAsync(context)).For(Access.Operator);
        host.MapRulings();
        host.MapWatching();
        host.MapPauses();
        host.MapBudget();
        host.MapMcp("/mcp").For(Access.Connections);
        host.MapPost("/receipts/{id}", ReceiptAsync).For(Access.Connections);
        host.MapPost("/hooks/claude-code", (HttpContext context) => Of<HookEndpoint>(context).HandleAsync(context)).For(Access.Connections);
        host.MapGet("/sessions/{session}/replies", (HttpContext context) => Of<ChannelEndpoint>(context).WaitAsync(context))
            .For(Access.Connections);
        host.MapGet("/agents/{agent}/wait", (HttpContext context) => Of<WaiterEndpoint>(context).WaitAsync(context))
            .For(Access.Connections);
    }

    /// <summary>Open to everybody, so without the operator's token it tells no path, no name and nobody's words.</summary>
    private static async Task HealthAsync(HttpContext context)
    {
        var report = await Of<HealthValue>(context).ReadAsync(context.RequestAborted);
        var (code, status) = report.Healthy ? (200, "ok") : (503, "unhealthy");
        await (context.Features.Get<Caller>() is Caller.Operator
            ? Json.WriteAsync(context, code, new { status, report.Stages, report.Reasons, OldestSeconds = report.Ages })
            : Json.WriteAsync(context, code, new { status, report.Stages }));
    }

    private static async Task StatusAsync(HttpContext context) =>
        await Json.WriteAsync(context, 200, await Of<StatusReader>(context).ReadAsync(running: true, context.RequestAborted));

    /// <summary>Accepts a message and holds the request until its reply is there, or as long as the caller wants to wait. The caller
    /// confirms the reply by a second request with the same id and taken: true. Otherwise the reply goes to the session's folder.</summary>
    private static async Task AskAsync(HttpContext context)
    {
        if (await BodyAsync<AskBody>(context) is not { } body)
            return;
        var name = NameOf(context, body.SessionId);
        if (!Caller.Of(context).MaySpeakAs(name))
        {
            await Problem.WriteAsync(context, 403, $"this token is not for the session \"{name}\"");
            return;
        }
        if (SessionId.TryParse(name) is not { } session
            || string.IsNullOrWhiteSpace(body.Content)
            || string.IsNullOrWhiteSpace(body.Id))
        {
            await Problem.WriteAsync(context, 400, $"session_id ({SessionId.Allowed}), content and id are needed, none of them empty");
            return;
        }
        var incoming = new Incoming(session, body.Content, "id:" + body.Id, ReplyChannel.Caller)
        {
            MessageId = body.MessageId,
            Source = Caller.Of(context).NameSource,
        };
        var acceptance = await Of<Inbox>(context).AcceptAsync(incoming, context.RequestAborted);
        switch (acceptance)
        {
            case Inbox.Acceptance.Refused { RetryAfter: { } wait } refused:
                await Problem.WriteLaterAsync(context, refused.Reason, wait);
                break;
            case Inbox.Acceptance.Refused refused:
                await Problem.WriteAsync(context, 400, refused.Reason);
                break;
            case Inbox.Acceptance.Accepted accepted:
                await Of<Asking>(context).AnswerAsync(context, accepted.Conversation, accepted.Message, body);
                break;
            case Inbox.Acceptance.Duplicate duplicate:
                await Of<Asking>(context).AnswerAsync(context, duplicate.Message.Conversation, duplicate.Message.Id, body);
                break;
        }
    }

    /// <summary>A connection need not say its own name.</summary>
    private static string NameOf(HttpContext context, string? said) =>
        said ?? (Caller.Of(context) is Caller.Connection connection ? SessionHeader.Given(context.Request) ?? connection.Name : "");

    /// <summary>Whoever hands answers of the relay on says whether he has.</summary>
    private static async Task ReceiptAsync(HttpContext context)
    {
        if (await BodyAsync<ReceiptBody>(context) is not { } body)
            return;
        if (body.Taken is not { } taken)
            await Problem.WriteAsync(context, 400, "taken: true or false");
        else if (await Of<AwaitedReceipts>(context).SayAsync((string)context.Request.RouteValues["id"]!, taken, context.RequestAborted))
            await Json.WriteAsync(context, 200, new { taken });
        else
            await Problem.WriteAsync(context, 404, "no such receipt is waited for");
    }

    private static Task RetryAsync(HttpContext context) =>
        ActAsync(context, (holds, message) => holds.RetryAsync(message, context.RequestAborted));

    private static Task DropAsync(HttpContext context) =>
        ActAsync(context, (holds, message) => holds.DropAsync(message, context.RequestAborted));

    private static async Task ActAsync(HttpContext context, Func<Holds, Message, Task<bool>> act)
    {
        if (await MessageIdAsync(context) is not { } id)
            return;
        var found = await Of<Database>(context).ReadAsync(
            reading => MessageSearch.FindToActAsync(reading, id, context.RequestAborted), context.RequestAborted);
        if (found.Count == 0)
            await Problem.WriteAsync(context, 404, "there is no such message");
        else if (found.Count > 1)
            await Problem.WriteAsync(context, 409, "several messages match, name one");
        else if (await act(Of<Holds>(context), found[0]))
            await Json.WriteAsync(context, 200, new { Message = found[0].Id.Value, Paused = await PausedAsync(context, found[0]) });
        else
            await Problem.WriteAsync(context, 409, $"message {found[0].Id} is {found[0].State.Word()}: that cannot be done with it now");
    }

    /// <summary>Null where none is named, and the problem is written.</summary>
    private static async Task<string?> MessageIdAsync(HttpContext context)
    {
        if (context.Request.RouteValues["id"] is string id)
            return id;
        if (await BodyAsync<MessageBody>(context) is not { } body)
            return null;
        if (!string.IsNullOrWhiteSpace(body.Message))
            return body.Message;
        await Problem.WriteAsync(context, 400, "message is needed: its id, the beginning of it, or the id of its envelope");
        return null;
    }

    /// <summary>The message's conversation, where the operator has paused it.</summary>
    private static Task<string?> PausedAsync(HttpContext context, Message message) => Of<Database>(context).ReadAsync(
        async reading => await ConversationStore.FindAsync(reading, message.Conversation, context.RequestAborted) is { Pause: not null }
            ? message.Conversation.Value
            : null,
        context.RequestAborted);

    private static async Task RetryAllAsync(HttpContext context)
    {
        var retried = context.Request.Query.ContainsKey("until_spent")
            ? new Retried(await Of<Holds>(context).SpendAsync(context.RequestAborted), HeldForBudget: 0)
            : await Of<Holds>(context).RetryAllAsync(context.RequestAborted);
        await Json.WriteAsync(context, 200, retried);
    }

    public static T Of<T>(HttpContext context)
        where T : notnull => context.RequestServices.GetRequiredService<T>();

    /// <summary>Reads the body. If it is not the expected JSON, writes the problem and returns null.</summary>
    public static async Task<T?> BodyAsync<T>(HttpContext context)
        where T : class
    {
        using var sent = new MemoryStream();
        await context.Request.Body.CopyToAsync(sent, context.RequestAborted);
        var bytes = sent.GetBuffer().AsMemory(0, (int)sent.Length);
        if (bytes.Span.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        try
        {
            var body = JsonSerializer.Deserialize<T>(bytes.Span, Json.Options);
            var fault = body is null ? "a JSON object is expected" : JsonText.Fault(bytes.Span); // Of what is kept as JSON, too.
            if (fault is null)
                return body;
            await Problem.WriteAsync(context, 400, fault);
        }
        catch (JsonException exception)
        {
            var fault = JsonFault.Of(bytes.Span, "the body")
                ?? (JsonFault.IsNoText(exception)
                    ? JsonFault.OfString(exception.Path ?? "$", exception)
                    : $"not what is expected: {exception.Path ?? "$"} is of another kind");
            await Problem.WriteAsync(context, 400, fault);
        }
        return null;
    }

    private sealed record ReceiptBody(bool? Taken);

    private sealed record MessageBody(string? Message);
}

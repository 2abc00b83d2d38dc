using System.ComponentModel;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Intake;
using Relay.Storage;

namespace Relay.Agents.Tools;

/// <summary>The MCP tools. Their descriptions tell the model when to ask and what to send.</summary>
internal sealed class AdvisorTools(
    AgentCaller callers, AgentIntake intake, CallWait wait, Handover handover, Database database)
{
    /// <summary>Of a session's own messages in relay_status: each line is read by the model, and paid for.</summary>
    private const int LinesTold = 20;

    private const string OnItsWay = "Nothing more can be given with this call: a reply, or a piece of a long one, was handed over last "
        + "and is not known to have arrived yet. The rest comes with what follows, or call check_replies once more in your next step.";

    /// <summary>Most clients give up after a minute.</summary>
    private static readonly TimeSpan OthersLimit = TimeSpan.FromSeconds(50);

    /// <summary>Claude Code waits much longer as long as it gets progress notifications.</summary>
    private static readonly TimeSpan ClaudeLimit = TimeSpan.FromMinutes(9);

    private static readonly TimeSpan BetweenProgress = TimeSpan.FromSeconds(10);

    [McpMeta("anthropic/maxResultSizeChars", JsonValue = Carries.ToolResult)]
    [McpServerTool(Name = "ask_advisor", Title = "Ask the advisor", OpenWorld = true, Destructive = false)]
    [Description("""
        Ask the long-lived advisor that all sessions of this project share, and wait for its decision. It remembers the whole
        project's history and the operator's rulings, and asks the human operator itself when only a human can decide.
        Ask when a decision is expensive to undo, when requirements conflict or are missing, when you have failed twice at the
        same thing, before you change something other sessions rely on, and when your plan is ready for a second opinion. Do
        not ask what the code or its documentation answers.
        The advisor sees ONLY what you send: give the goal, what you tried, the exact error, the options you considered with
        your preference, and a summary of the diff. If the answer says "not answered yet", go on with other work and call
        check_replies later, or ask the same question again.
        """)]
    public async Task<CallToolResult> AskAdvisor(
        RequestContext<CallToolRequestParams> request,
        IProgress<ProgressNotificationValue> progress,
        [Description("The question, with the decision you need. One question a call.")] string question,
        [Description("Everything needed to decide: goal, what was tried, exact errors, options considered, a summary of the diff.")]
        string? context = null,
        CancellationToken cancellationToken = default) // Has a default only because C# demands one after an optional parameter.
    {
        if (string.IsNullOrWhiteSpace(question))
            return Error("The question is empty.");
        var caller = await callers.IdentifyAsync(request, cancellationToken);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, caller.Gone);
        var content = string.IsNullOrWhiteSpace(context) ? question : $"{question}\n\nContext:\n{context}";
        var asked = await AcceptAsync(caller, content, ReplyChannel.Agent, cancellationToken);
        if (asked is Inbox.Acceptance.Refused refused)
            return Error(refused.Reason);
        var (conversation, message) = asked switch
        {
            Inbox.Acceptance.Accepted accepted => (accepted.Conversation, accepted.Message),
            Inbox.Acceptance.Duplicate duplicate => (duplicate.Message.Conversation, duplicate.Message.Id),
            _ => throw new InvalidOperationException(),
        };
        var limit = caller.ToolUse is null ? OthersLimit : ClaudeLimit;
        var waiting = new ReplyRequest(conversation, message, limit) { Progress = Progress(progress) };
        try
        {
            return Answer(caller, message, await wait.WaitAsync(caller, waiting, ended.Token));
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            return Error("The call was given up."); // Nobody reads it. An exception would be logged as a fault of the tool.
        }
    }

    [McpMeta("anthropic/maxResultSizeChars", JsonValue = Carries.ToolResult)]
    [McpServerTool(Name = "check_replies", Title = "Check for replies", ReadOnly = false, Destructive = false)]
    [Description(
        "Fetch the advisor's and the operator's replies that wait for this session. Each is given once. "
        + "Call it when a question was \"not answered yet\", or before you finish.")]
    public async Task<CallToolResult> CheckReplies(
        RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var caller = await callers.IdentifyAsync(request, cancellationToken);
        var lease = await handover.TakeAsync(caller.Session, cancellationToken);
        if (!lease.IsEmpty)
            return caller.Deliver(lease);
        var open = await database.ReadAsync(
            reading => OwnMessages.UnansweredAsync(reading, caller.Session, cancellationToken), cancellationToken);
        var stillOpen = open.Count == 0 ? "" : " Still open: " + string.Join("; ", open);
        return Text(await handover.HasMoreAsync(caller.Session, cancellationToken) ? OnItsWay + stillOpen
            : open.Count == 0 ? "No replies wait, and no question of this session is open."
            : "No replies wait yet." + stillOpen);
    }

    [McpServerTool(Name = "tell_advisor", Title = "Tell the advisor", Destructive = false)]
    [Description(
        "Tell the advisor something it should know for later decisions (a decision taken, a result, a changed plan) "
        + "without waiting for a reply. Free of cost until its next turn.")]
    public async Task<CallToolResult> TellAdvisor(
        RequestContext<CallToolRequestParams> request,
        [Description("What the advisor should know, complete in itself.")] string note,
        CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(note))
            return Error("The note is empty.");
        var caller = await callers.IdentifyAsync(request, cancellationToken);
        return await AcceptAsync(caller, note, ReplyChannel.None, cancellationToken) is Inbox.Acceptance.Refused refused
            ? Error(refused.Reason)
            : Text("Noted. The advisor reads it with its next turn.");
    }

    private static CallToolResult Answer(AgentCall caller, MessageId message, Waited waited) => waited switch
    {
        Waited.Replied replied => caller.Deliver(replied.Lease),
        Waited.TakenElsewhere taken => Text(taken.Text), // A repeated call gets the same answer.
        Waited.GivenUp givenUp => Error($"The operator gave this message up: {givenUp.Reason}"),
        Waited.NotYet notYet => Text(
            $"Not answered yet, id {message} ({notYet.State}). "
            + "Go on with other work; call check_replies later, or ask the same question again."),
        _ => throw new InvalidOperationException(),
    };

    private async Task<Inbox.Acceptance> AcceptAsync(
        AgentCall caller, string content, ReplyChannel channel, CancellationToken cancellationToken)
    {
        if (channel == ReplyChannel.Agent && await SameQuestionAsync(caller.Session, content, cancellationToken) is { } open)
            return new Inbox.Acceptance.Duplicate(open);
        var key = caller.ToolUse is { } use ? "use:" + use : "call:" + Guid.CreateVersion7(database.Clock.GetUtcNow());
        var said = new Incoming(caller.Session, content, key, channel) { Source = caller.Caller.NameSource };
        return await intake.AcceptAsync(said, cancellationToken);
    }

    /// <summary>A question whose reply the session has not got yet. Asked again in a new call, it is the same message:
    /// its reply may have come meanwhile.</summary>
    private Task<Message?> SameQuestionAsync(SessionId session, string content, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var newest = await MessageStore.SameUnansweredAsync(reading, session, content, cancellationToken);
            foreach (var reply in await Outbox.ForAgentAsync(reading, session, cancellationToken))
                if (reply.Message is { } id
                    && await MessageStore.FindAsync(reading, reply.Conversation, id, cancellationToken) is { } answered
                    && answered.Channel == ReplyChannel.Agent && answered.Content == content
                    && !(newest?.Number > answered.Number))
                    newest = answered;
            return newest;
        },
        cancellationToken);

    private Action<string> Progress(IProgress<ProgressNotificationValue> progress)
    {
        (long At, string State)? last = null;
        var count = 0;
        return state =>
        {
            if (last is { } told && told.State == state && database.Clock.GetElapsedTime(told.At) < BetweenProgress)
                return;
            last = (database.Clock.GetTimestamp(), state);
            progress.Report(new ProgressNotificationValue { Progress = ++count, Message = state });
        };
    }

    private static CallToolResult Text(string text) => new() { Content = [new TextContentBlock { Text = text }] };

    private static CallToolResult Error(string text) => new() { Content = [new TextContentBlock { Text = text }], IsError = true };
}

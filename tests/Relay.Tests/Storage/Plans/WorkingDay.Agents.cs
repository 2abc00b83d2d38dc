using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Relay.Agents;
using Relay.Agents.Hooks;
using Relay.Agents.Waking;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Http;

namespace Relay.Tests.Storage.Plans;

internal sealed partial class WorkingDay
{
    private async Task ServeAgentsAsync()
    {
        await HookAsync("SessionStart");
        await HookAsync("UserPromptSubmit");
        await HookAsync("PreToolUse", use: "use-1");
        await relay.ReadAsync(reading => ToolUseStore.FindAsync(reading, "use-1", CancellationToken));
        var session = (await relay.ReadAsync(reading => AgentStore.FindAsync(reading, Claude, CancellationToken)))!.Session;
        await relay.AcceptAsync(session.Value, "Shall I?", channel: ReplyChannel.Agent);
        await relay.TakeTurnsAsync();
        await relay.ReadAsync(reading => MessageStore.UnansweredAsync(reading, session, CancellationToken)); // As check_replies does.
        relay.Advisor.Reply("[NEEDS-JC] May it?", "It may.");
        await relay.AcceptAsync(session.Value, "And this?", channel: ReplyChannel.Agent);
        await relay.TakeTurnsAsync();
        await relay.AnswerAsync("yes");
        await relay.TakeTurnsAsync();
        var waiting = (await relay.ReadAsync(reading => Outbox.ForAgentAsync(reading, session, CancellationToken)))[0];
        await relay.WriteAsync(writing => Outbox.ToldAsync(writing, waiting, told: 0, CancellationToken));
        await relay.WriteAsync(writing => ToolUseStore.MovedAsync(
            writing, "use-1", new Agent(Claude, session, "", AgentState.Idle, 0, 0, writing.Now), "task-1", CancellationToken));
        await HookAsync("PostToolUse"); // It carries the replies that wait.
        await HookAsync("UserPromptSubmit", prompt: "<task-notification>\n<task-id>task-1</task-id>\n</task-notification>");
        await HookAsync("Stop");
        var rounds = relay.Get<Rounds>();
        var round = await rounds.TakeAsync(session, CancellationToken);
        await rounds.MadeAsync(round, new MessageId("m-1"), CancellationToken);
        await rounds.GiveBackAsync(round, CancellationToken);
        await rounds.IsSaidAgainAsync(session, "Said.", CancellationToken);
        await AskPermissionAsync();
        await relay.AcceptAsync(session.Value, "And now?", channel: ReplyChannel.Agent);
        await relay.TakeTurnsAsync();
        relay.Clock.Advance(TimeSpan.FromMinutes(1));
        await relay.RunAsync<WakeLoop>();
        await relay.Get<WakeLoop>().RunningAsync();
        await relay.RunAsync<WakeLoop>();
        await CloneAsync(session);
        await HookAsync("SessionEnd");
    }

    /// <summary>A session is made from another, and its client is gone soon.</summary>
    private async Task CloneAsync(SessionId session)
    {
        await HookAsync("SessionStart", source: "fork", session: "0c8f2b11-3f7e-4f0e-9d6a-000000000001");
        await relay.WriteAsync(async writing =>
        {
            var clone = (await AgentStore.NewestOfAsync(writing, session, CancellationToken))!;
            await AgentStore.NoteClientAsync(writing, clone, "0:0", CancellationToken);
        });
        await relay.RunAsync<Departures>();
    }

    /// <summary>An event of a Claude Code session; what the answer carries was received.</summary>
    private async Task HookAsync(
        string name, string? use = null, string? prompt = null, string? source = null, string session = Claude)
    {
        var hook = new HookEvent
        {
            HookEventName = name,
            SessionId = session,
            Prompt = prompt,
            Source = source,
            Cwd = Path.GetTempPath(),
            ToolUseId = use,
            ToolName = "Bash",
        };
        var context = new DefaultHttpContext();
        context.Features.Set<Caller>(new Caller.Operator());
        context.Request.Body = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(hook, HookBody.EventJson));
        await relay.Get<HookEndpoint>().HandleAsync(context);
        await Delivery.Of(context).SentAsync(CancellationToken);
        Delivery.Of(context).End();
    }
}

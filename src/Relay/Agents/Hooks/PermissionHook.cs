using System.Text.Json;
using Relay.Conversations;
using Relay.Dispatch;

namespace Relay.Agents.Hooks;

/// <summary>Answers what a session's client asks its human: whether it may use a tool, what to choose, whether a plan is good. First the
/// rules decide, then perhaps the advisor, then the operator. Without an answer in time the client asks its own user.</summary>
internal sealed partial class PermissionHook(
    PermissionRules rules, SecondOpinion opinions, PermissionQuestions questions, ClientWaits waits, ILogger<PermissionHook> log)
{
    public async Task<HookAnswer> AnswerAsync(HttpContext context, Agent agent, HookEvent hook)
    {
        if (hook.IsInputTooLarge || ClientRequest.Of(hook) is not { } request || questions.IsTooLong(request.Text(agent.Folder)))
            return HookAnswer.Nothing; // Nobody has seen all of it, so neither a rule nor the operator can allow it.
        if (rules.Allow(agent.Session, request.Asked))
            return HookAnswer.Allowed();
        var wait = waits.Begin(agent.Id, hook);
        try
        {
            return await AnswerAsync(context, agent, request, wait);
        }
        finally
        {
            if (wait.Decision is null)
                await LeaveAsync(wait);
        }
    }

    /// <summary>It got no answer. One that was taken in that very moment came to nothing.</summary>
    private async Task LeaveAsync(ClientWait wait)
    {
        waits.Forget(wait);
        if (wait.Question is { } question)
            await questions.NotGivenAsync(question);
    }

    private async Task<HookAnswer> AnswerAsync(HttpContext context, Agent agent, ClientRequest request, ClientWait wait)
    {
        var opinion = await opinions.OfAsync(agent, request, wait, context.RequestAborted);
        context.RequestAborted.ThrowIfCancellationRequested();
        if (wait.IsOver)
            return HookAnswer.Nothing; // It was answered at the terminal.
        if (opinion?.Decision is { } decided)
        {
            await opinions.SettledAsync(opinion, CancellationToken.None);
            LogDecided(agent.Session, wait.Tool, decided.Word(request.Asked));
            return AskedAnswer.Of(request.Asked, wait.Hook.ToolInput, decided);
        }
        if (opinion is not null)
            request = request with { Asked = request.Asked with { Advice = opinion.Text } };
        if (await questions.AskAsync(agent, request, wait, context.RequestAborted) is not { } question)
            return HookAnswer.Nothing; // Too many are open, so the client asks its own user.
        LogAsked(question, agent.Session, wait.Tool);
        if (await questions.AnswerAsync(wait, context.RequestAborted) is not { } decision)
            return HookAnswer.Nothing;
        if (ClientConnection.IsClosed(context))
            return HookAnswer.Nothing;
        var answer = AskedAnswer.Of(request.Asked, wait.Hook.ToolInput, decision);
        var (watch, size) = (SentWatch.Begin(context), JsonSerializer.SerializeToUtf8Bytes(answer, HookAnswer.Json).Length);
        wait.Decide(decision);
        context.Response.OnCompleted(() => SettleAsync(watch, size, wait));
        return answer;
    }

    /// <summary>The response is over. Whoever has come to its side whole has it, even where he closed before we looked.</summary>
    private async Task SettleAsync(SentWatch watch, int size, ClientWait wait)
    {
        using var watched = watch;
        if (!watch.IsLost(size))
        {
            wait.Gave(true);
            return;
        }
        await questions.NotGivenAsync(wait.Question!.Value);
        wait.Gave(false);
        waits.Forget(wait);
    }

    [LoggerMessage(LogLevel.Information, "Question {Question}: {Session} and {Tool}")]
    private partial void LogAsked(long question, SessionId session, string tool);

    [LoggerMessage(LogLevel.Information, "The advisor answered {Session} about {Tool}: {Decision}")]
    private partial void LogDecided(SessionId session, string tool, string decision);
}

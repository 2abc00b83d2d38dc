using System.Text.Json;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Agents.Hooks;

/// <summary>Asks the operator whether a session may use a tool. Only an answer allows; no answer in time leaves it to the client's own prompt.</summary>
internal sealed partial class PermissionHook(
    QuestionStore questions, PageStore pages, SessionDirectory directory, Database database, SettingsSource settings, AgentIntake intake,
    IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<PermissionHook> log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(540);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);
    private static readonly JsonSerializerOptions Shown = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public async Task<HookAnswer> AnswerAsync(Agent agent, HookEvent hook, CancellationToken cancellationToken)
    {
        var tool = hook.ToolName ?? "a tool";
        var input = hook.ToolInput is { } json ? Show(json) : "";
        if (settings.Current.Config.Agents.Allow.FirstOrDefault(rule => Covers(rule, tool, hook.ToolInput)) is { } allowed)
        {
            LogAllowedByRule(agent.Session, tool, allowed.ToString());
            return HookAnswer.Permission("allow", message: null);
        }
        if (intake.TooLong(tool + input) is not null)
            return HookAnswer.Nothing; // Too much for a phone: the client's own prompt shows it.
        var question = await AskAsync(agent, tool, input, cancellationToken);
        LogAsked(question, agent.Session, tool);
        try
        {
            await WaitAsync(question, cancellationToken);
        }
        finally
        {
            await CloseAsync(question); // Whoever stops waiting: a question nobody waits for must not look open.
        }
        var closed = await FindAsync(question, cancellationToken); // An answer that came in the last moment counts.
        return closed?.Answer is { } answer ? Decide(answer) : HookAnswer.Nothing;
    }

    /// <summary>Throws when there is text in it that is none, such as a lone surrogate.</summary>
    public static string Show(JsonElement input) => JsonSerializer.Serialize(input, Shown);

    private static bool Covers(AllowRule rule, string tool, JsonElement? input)
    {
        try
        {
            return rule.Covers(tool, input);
        }
        catch (System.Text.RegularExpressions.RegexMatchTimeoutException)
        {
            return false; // What cannot be decided is asked.
        }
    }

    private async Task<long> AskAsync(Agent agent, string tool, string input, CancellationToken cancellationToken)
    {
        var text = $"{agent.Session} wants to use {tool} in {agent.Folder}:\n\n{input}\n\nAnswer allow, or deny with a reason.";
        var conversation = directory.ConversationOf(agent.Session) ?? SessionDirectory.Default;
        var question = await database.WriteAsync(
            async transaction =>
            {
                var id = await questions.OpenAsync(transaction, conversation, message: null, agent.Session, QuestionKind.Permission, text, cancellationToken);
                var title = $"{settings.Current.Config.Operator.Token} {agent.Session}: may it use {tool}? (#{id})";
                await pages.QueueAsync(transaction, new NewPage(PageCause.Question(id), title, text, Priority: 4, "lock"), cancellationToken);
                return id;
            },
            cancellationToken);
        pages.Wake();
        return question;
    }

    /// <summary>Until it is answered, the patience ends or the relay stops.</summary>
    private async Task WaitAsync(long question, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        while (clock.GetElapsedTime(started) < Patience && !ended.IsCancellationRequested && await FindAsync(question, cancellationToken) is { IsOpen: true })
            await Task.Delay(Poll, clock, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private Task<Question?> FindAsync(long question, CancellationToken cancellationToken) =>
        database.ReadAsync(connection => QuestionStore.FindAsync(connection, question, cancellationToken), cancellationToken);

    private static HookAnswer Decide(string answer) => PermissionWords.Of(answer) switch
    {
        PermissionWords.Word.Allow => HookAnswer.Permission("allow", message: null),
        _ => HookAnswer.Permission("deny", $"The operator says: {answer}"),
    };

    private Task CloseAsync(long question) => database.WriteAsync(
        async transaction =>
        {
            await questions.ExpireAsync(transaction, question, CancellationToken.None);
            await pages.ClearAsync(transaction, PageCause.Question(question), CancellationToken.None);
        },
        CancellationToken.None);

    [LoggerMessage(LogLevel.Information, "{Session} may use {Tool} by the rule {Rule}")]
    private partial void LogAllowedByRule(SessionId session, string tool, string rule);

    [LoggerMessage(LogLevel.Information, "Question {Question}: may {Session} use {Tool}")]
    private partial void LogAsked(long question, SessionId session, string tool);
}

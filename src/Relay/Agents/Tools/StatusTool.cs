using System.ComponentModel;
using System.Globalization;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Relay.Advisor;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Http;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Agents.Tools;

/// <summary>The tool that tells a session how it stands. A connection is told of itself, and whether the advisor and the operator are
/// there; of others it learns neither names nor words.</summary>
internal sealed class StatusTool(AgentCaller callers, SettingsSource settings, Database database)
{
    [McpServerTool(Name = "relay_status", Title = "Relay status", ReadOnly = true)]
    [Description("Whether the relay works, what of this session is still unanswered, and whether the operator was asked.")]
    public async Task<CallToolResult> RelayStatus(
        RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var caller = await callers.IdentifyAsync(request, cancellationToken);
        var lines = await database.ReadAsync(
            async reading =>
            {
                var now = new Now(
                    await OwnMessages.UnansweredAsync(reading, caller.Session, cancellationToken),
                    await Backlog.ReadAsync(reading, cancellationToken),
                    await QuestionStore.OpenAsync(reading, cancellationToken),
                    PagesFail: (await PageStore.FailingAsync(reading, cancellationToken)).Since is not null);
                return caller.Caller is Caller.Connection ? OfItself(caller.Session, now) : OfAll(now);
            },
            cancellationToken);
        var text = string.Join('\n', [$"The relay works. This session is {caller.Session}.", .. lines]);
        return new CallToolResult { Content = [new TextContentBlock { Text = text }] };
    }

    /// <param name="Mine">The session's messages without a reply, each with what it waits for.</param>
    private sealed record Now(List<string> Mine, Backlog Backlog, List<Question> Open, bool PagesFail);

    private IEnumerable<string> OfItself(SessionId session, Now now) =>
    [
        KeyWatch.IsMissing(settings.Current) || now.Backlog.Held.Any(message => IsForAll(message.Cause))
            ? "The advisor cannot be asked now; the operator knows."
            : "The advisor is there.",
        now.PagesFail ? "The operator's pages do not go out now." : "The operator is paged when only a human can decide.",
        "Unanswered of this session:",
        .. now.Mine.Select(line => "  " + line).DefaultIfEmpty("  none"),
        .. now.Open.Where(question => question.Session == session)
            .Select(question => FormattableString.Invariant($"The operator was asked, question #{question.Id}.")),
    ];

    private static IEnumerable<string> OfAll(Now now) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"Unanswered: {now.Backlog.Count} messages over all sessions, of this one:"),
        .. now.Mine.Select(line => "  " + line).DefaultIfEmpty("  none"),
        .. now.Open.Select(question => $"The operator was asked, question #{question.Id} of {question.Asker}."),
    ];

    private static bool IsForAll(HoldCause? cause) => cause is { } known && HoldCauses.OfAStart.Contains(known);
}

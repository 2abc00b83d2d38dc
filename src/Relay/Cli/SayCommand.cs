using System.CommandLine;
using System.Text.Json;
using System.Text.RegularExpressions;
using Relay.Configuration;
using Relay.Http;
using Relay.Operator.Rulings;
using Relay.Texts;
using Relay.Web.Api;

namespace Relay.Cli;

/// <summary>relay say: the operator speaks unasked, to the advisor of a conversation or straight to a session.</summary>
internal static partial class SayCommand
{
    private const string Comes = "the advisor replies here in relay watch, on the page, and by page";

    /// <param name="Session">To whom it goes without the advisor; null for the advisor.</param>
    private sealed record Words(string? Session, string Text, string? Scope);

    public static Command Create(CommandContext context)
    {
        var text = CommonOptions.Text(
            "what is said; - or no text reads standard input; \"@session text\" goes straight to that session; "
            + "\"[always] text\" or \"[once] text\" says for what it holds");
        var conversation = new Option<string?>("--conversation")
        {
            Description = "whose advisor hears it; default unless said",
            HelpName = "C",
            Validators = { CommonOptions.RefuseEmpty },
        };
        var wait = new Option<bool>("--wait") { Description = "wait for the advisor's reply and print it" };
        var timeout = CommonOptions.Timeout();
        var id = CommonOptions.Id();
        var json = CommonOptions.Json();
        var command = new Command("say", "say something unasked, to the advisor of a conversation or to a session")
        {
            text, conversation, wait, timeout, id, json,
        };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var settings = context.Settings(parse);
            using var daemon = new DaemonClient(settings, TimeProvider.System);
            if (daemon.ProcessId is null)
                throw DaemonClient.NotRunning();
            var words = await ReadAsync(context, settings, parse.GetValue(text) ?? [], cancellationToken);
            var key = parse.GetValue(id) ?? OperatorPost.NewId();
            if (words.Session is null)
            {
                var said = words.Scope is null ? words.Text : $"[{words.Scope}] {words.Text}";
                var body = new WordsBody(said, parse.GetValue(conversation), key, WaitSeconds: null);
                var waiting = parse.GetValue(wait) ? parse.GetValue(timeout) : (TimeSpan?)null;
                return await new SayingToAdvisor(context, daemon, body, waiting).RunAsync(parse.GetValue(json), cancellationToken);
            }
            RefuseWithSession(parse.GetValue(conversation), parse.GetValue(wait), words.Session);
            return await ToSessionAsync(context, daemon, words, key, parse.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static void RefuseWithSession(string? conversation, bool wait, string session)
    {
        if (conversation is not null)
            throw new CommandFailure(
                ExitCode.Usage, $"--conversation names an advisor, and @{session} a session: say one of them");
        if (wait)
            throw new CommandFailure(ExitCode.Usage, "--wait waits for the advisor's reply; what goes straight to a session has none");
    }

    private static async Task<Words> ReadAsync(
        CommandContext context, SettingsSource settings, string[] words, CancellationToken cancellationToken)
    {
        var limit = settings.Current.Config.MaxEnvelopeBytes;
        if ((words.Length == 1 || words is [_, "-"]) && Alone().Match(words[0]) is { Success: true } session)
            return Meant($"@{session.Groups["name"].Value}: {await TextInput.FromInputAsync(context, limit, cancellationToken)}");
        return Meant(await TextInput.ReadAsync(context, words, limit, cancellationToken));
    }

    private static Words Meant(string text)
    {
        var (scope, rest) = ScopeWords.Of(text) is var (said, without) ? (said.Word(), without) : (null, text);
        if (Addressed().Match(rest) is not { Success: true } addressed)
            return new Words(Session: null, NotBlank(rest), scope);
        rest = rest[addressed.Length..];
        if (ScopeWords.Of(rest) is var (inner, after))
            (scope, rest) = (scope ?? inner.Word(), after);
        return new Words(addressed.Groups["name"].Value, NotBlank(rest), scope);
    }

    private static string NotBlank(string text) =>
        string.IsNullOrWhiteSpace(text) ? throw new CommandFailure(ExitCode.Usage, "the text is empty") : text;

    private static async Task<int> ToSessionAsync(
        CommandContext context, DaemonClient daemon, Words words, string key, bool json, CancellationToken cancellationToken)
    {
        var body = new { Text = $"@{words.Session}: {words.Text}", words.Scope, Id = key };
        var outcome = DaemonClient.BodyOf(await OperatorPost.SendAsync(daemon, "/answers", body, cancellationToken));
        if (json)
            context.WriteJson(outcome);
        else
            context.Output.WriteLine(AnswerCommand.Describe(outcome));
        return ExitCode.Done;
    }

    /// <summary>What became of words to the advisor.</summary>
    public static string Describe(Said said)
    {
        if (said.Outcome == "repeated")
            return $"these words were said before, as message {said.Message} in {said.Conversation}; nothing has changed";
        var kept = said.Ruling is { } ruling
            ? $", kept as ruling {ruling}, {ScopeWords.Describe(ScopeWords.Parse(said.Scope) ?? RulingScope.Conversation)}"
            : "";
        return $"said to the advisor of {said.Conversation} as message {said.Message}{kept}{Waiting(said)}; {Comes}";
    }

    private static string Waiting(Said said) =>
        said is { State: "waiting", Usual: false, Why: { } why } ? $"; it waits: {Visible.OneLine(why)}" : "";

    public static Said SaidIn(JsonElement body) => body.Deserialize<Said>(Json.Options)
        ?? throw new CommandFailure(ExitCode.Failed, "the daemon has another version than this program");

    /// <summary>A session's name and nothing else: the text comes by standard input.</summary>
    [GeneratedRegex(@"\A@(?<name>[^\s:]+):?\z")]
    private static partial Regex Alone();

    [GeneratedRegex(@"\A\s*@(?<name>[^\s:]+)(?::\s*|\s+|\z)")]
    private static partial Regex Addressed();
}

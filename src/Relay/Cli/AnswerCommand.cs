using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Operator.Rulings;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>relay answer: the operator answers a question, or writes to a session.</summary>
internal static class AnswerCommand
{
    /// <summary>An answer to send.</summary>
    internal sealed record OperatorText(long? Question, string Text)
    {
        public string? Digest { get; init; }

        public string? Scope { get; init; }

        /// <summary>A plan, and not words.</summary>
        public string? Edited { get; init; }

        public bool? Choose { get; init; }
    }

    public static Command Create(CommandContext context)
    {
        var words = new Argument<string[]>("QUESTION? TEXT?")
        {
            Description = "the question's number, needed if several are open; the answer, or - to read it from standard input; "
                + "\"@session: text\" goes straight to that session",
            Arity = ArgumentArity.ZeroOrMore,
        };
        words.Validators.Add(CommonOptions.RefuseMistypedOptions);
        var json = CommonOptions.Json();
        var extras = new AnswerOptions();
        var command = new Command("answer", "answer a question as the operator")
        {
            words, extras.Edited, extras.Choose, extras.Note, extras.Scope, json,
        };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var settings = context.Settings(parse);
            using var daemon = new DaemonClient(settings, TimeProvider.System);
            if (daemon.ProcessId is null)
                throw DaemonClient.NotRunning();
            var given = new Typed(parse.GetValue(words) ?? [], settings.Current.Config.MaxEnvelopeBytes);
            var answer = await ReadAsync(context, parse, extras, given, cancellationToken);
            var allowing = answer is { Edited: null, Choose: null }
                ? await Allowing.OfAsync(settings, answer.Question, answer.Text, cancellationToken)
                : null;
            if (allowing is not null)
            {
                ShowAllowed(context, allowing, parse.GetValue(json));
                answer = answer with { Question = allowing.Question, Text = allowing.Words, Digest = allowing.Digest };
            }
            var outcome = await SendAsync(daemon, answer, cancellationToken);
            if (parse.GetValue(json))
                context.WriteJson<object>(allowing is null ? outcome : WithText(outcome, allowing.Text));
            else
                context.Output.WriteLine(Describe(outcome));
            return ExitCode.Done;
        });
        return command;
    }

    private sealed record Typed(string[] Words, int Limit);

    private static async Task<OperatorText> ReadAsync(
        CommandContext context, ParseResult parse, AnswerOptions extras, Typed given, CancellationToken cancellationToken)
    {
        var answer = await extras.PartsAsync(context, parse, given.Words, given.Limit, cancellationToken)
            ?? await ReadAsync(context, given.Words, given.Limit, cancellationToken);
        return answer with { Scope = extras.ScopeOf(parse) };
    }

    private static async Task<OperatorText> ReadAsync(
        CommandContext context, string[] words, int limit, CancellationToken cancellationToken)
    {
        var question = words is [var first, ..] ? Number(first) : null;
        switch (words)
        {
            case [var number, _, ..] when question is null:
                throw new CommandFailure(
                    ExitCode.Usage, $"\"{number}\" is not the number of a question; an answer of several words needs quotes");
            case [_, _, ..]:
                return new OperatorText(question, await TextInput.ReadAsync(context, words[1..], limit, cancellationToken));
            case [var number] when question is not null:
                // A number alone is a question whose answer comes by standard input, or was forgotten.
                var piped = context.IsInputRedirected ? await TextInput.FromInputAsync(context, limit, cancellationToken) : "";
                return !string.IsNullOrWhiteSpace(piped) ? new OperatorText(question, piped) : throw new CommandFailure(
                    ExitCode.Usage,
                    $"{number} is the number of a question, and no answer follows; say which question the answer {number} is for: "
                        + $"relay answer QUESTION {number}");
            default:
                return new OperatorText(null, await TextInput.ReadAsync(context, words.FirstOrDefault(), limit, cancellationToken));
        }
    }

    public static long? Number(string word)
    {
        var digits = word.StartsWith('#') ? word.AsSpan(1) : word;
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>Before it is allowed. Where the page was cut nobody has seen it yet: a person is asked, and a program has to say with the
    /// digest that it was read.</summary>
    private static void ShowAllowed(CommandContext context, Allowing allowing, bool json)
    {
        if (!json)
            context.WriteShown(allowing.Text);
        if (allowing.IsPageWhole)
            return;
        if (json || context.IsInputRedirected || !context.IsOutputTerminal)
            throw new CommandFailure(
                ExitCode.Failed,
                $"the page of question #{allowing.Question} was cut, so nothing is allowed yet: "
                + $"read it (relay questions {allowing.Question}), then relay answer {allowing.Question} {Quoted(allowing)}");
        context.Output.Write($"The page was cut. Allow exactly this, {allowing.Digest}? [y/N] ");
        context.Output.Flush();
        using var keyboard = new StreamReader(context.Input);
        if (keyboard.ReadLine()?.Trim().ToLowerInvariant() is not ("y" or "yes"))
            throw new CommandFailure(ExitCode.Failed, $"nothing is allowed; question #{allowing.Question} stays open");
    }

    private static string Quoted(Allowing allowing)
    {
        var words = $"{allowing.Words.Trim()} {allowing.Digest}";
        return allowing.Words.Trim().Contains(' ') ? $"\"{words}\"" : words;
    }

    /// <summary>For programs: what was allowed, as it was shown.</summary>
    private static JsonObject WithText(JsonElement outcome, string text)
    {
        var json = JsonSerializer.SerializeToNode(outcome)!.AsObject();
        json["text"] = text;
        return json;
    }

    private static async Task<JsonElement> SendAsync(DaemonClient daemon, OperatorText answer, CancellationToken cancellationToken)
    {
        var id = OperatorPost.NewId();
        var body = new { answer.Text, answer.Question, answer.Digest, answer.Edited, answer.Choose, answer.Scope, Id = id };
        return DaemonClient.BodyOf(await OperatorPost.SendAsync(daemon, "/answers", body, cancellationToken));
    }

    /// <summary>Of other sessions: words for one settle none of another's.</summary>
    private static string StillOpen(JsonElement outcome)
    {
        var open = outcome.TryGetProperty("still_open", out var questions) ? questions.EnumerateArray() : default;
        return string.Concat(open.Select(each =>
        {
            var (id, session) = (each.GetProperty("id"), each.GetProperty("session"));
            return Text(each, "kind") switch
            {
                "permission" => $"; permission #{id} of {session} stays open: relay answer {id} allow, or deny with a reason",
                "choice" or "plan" => $"; {Text(each, "kind")} #{id} of {session} stays open: relay questions {id}",
                _ => $"; question #{id} of {session} stays open",
            };
        }));
    }

    /// <summary>Which question, whose, and where what follows will go.</summary>
    public static string Describe(JsonElement outcome)
    {
        var question = outcome.TryGetProperty("question", out var number) && number.ValueKind == JsonValueKind.Number ? $"#{number}" : null;
        var session = Text(outcome, "session") is { Length: > 0 } name ? name : "your own words";
        var (where, decision, asked) = (Text(outcome, "where"), Text(outcome, "decision"), Text(outcome, "asked"));
        return outcome.GetProperty("outcome").GetString() switch
        {
            "accepted" when decision is not null && Given(outcome) == false =>
                $"question {question} of {session}: your answer ({decision}) was taken, but its client had gone or its terminal was first; "
                    + $"nothing came of it: relay questions {question?[1..]}",
            "accepted" when decision is not null =>
                $"question {question} of {session} is answered: {decision} ({asked})",
            "accepted" => $"answered question {question} of {session} ({Visible.OneLine(asked ?? "")}){Kept(outcome)}; "
                + $"the advisor's reply goes to {where}{Paused(outcome)}",
            "direct" when question is null => $"goes straight to {where}; no question is settled{StillOpen(outcome)}",
            "direct" => $"goes straight to {where}; question {question} is settled{StillOpen(outcome)}",
            _ => "these words were taken before; nothing has changed",
        };
    }

    private static bool? Given(JsonElement outcome) =>
        outcome.TryGetProperty("given", out var given) && given.ValueKind != JsonValueKind.Null ? given.GetBoolean() : null;

    /// <summary>Which option it names, and as what it is kept.</summary>
    private static string Kept(JsonElement outcome)
    {
        var option = Text(outcome, "option") is { } chosen ? $": {Visible.OneLine(chosen)}" : "";
        return outcome.TryGetProperty("ruling", out var number) && number.ValueKind == JsonValueKind.Number
            ? $"{option}; kept as ruling {number.GetInt64()}, "
                + ScopeWords.Describe(ScopeWords.Parse(Text(outcome, "scope")) ?? RulingScope.Conversation)
            : option;
    }

    private static string Paused(JsonElement outcome) => Text(outcome, "paused") is { } conversation
        ? $"; {conversation} is paused, and your answer waits until relay resume {conversation}"
        : "";

    private static string? Text(JsonElement outcome, string name) =>
        outcome.TryGetProperty(name, out var value) ? value.GetString() : null;
}

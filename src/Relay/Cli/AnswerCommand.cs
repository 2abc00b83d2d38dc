using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Relay.Configuration;
using Relay.Http;
using Relay.Operator;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>relay answer: the operator's word on a question, or to a session.</summary>
internal static class AnswerCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Enough for a daemon that is just being restarted.</summary>
    private const int Attempts = 5;

    private sealed record Words(long? Question, string Text);

    public static Command Create(CommandContext context)
    {
        var words = new Argument<string[]>("[QUESTION] [TEXT]")
        {
            Description = "a question's number, else the only open one is meant; the answer, - reads standard input; \"@session: text\" goes straight to that session",
            Arity = new ArgumentArity(0, 2),
        };
        words.Validators.Add(Parts.RefuseMistypedOptions);
        var json = Parts.Json();
        var command = new Command("answer", "answer a question as the operator") { words, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var settings = context.Settings(parse);
            using var daemon = new DaemonClient(settings, TimeProvider.System);
            if (daemon.ProcessId is null)
                throw DaemonClient.NotRunning();
            var said = await ReadAsync(context, parse.GetValue(words) ?? [], settings.Current.Config.MaxEnvelopeBytes, cancellationToken);
            return await RunAsync(context, daemon, said, parse.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static async Task<Words> ReadAsync(CommandContext context, string[] words, int limit, CancellationToken cancellationToken)
    {
        switch (words)
        {
            case [var number, var text]:
                var question = Number(number) ?? throw new CommandFailure(ExitCode.Usage, $"\"{number}\" is no question's number; an answer of several words goes in quotes");
                return new Words(question, await TextInput.ReadAsync(context, text, limit, cancellationToken));
            case [var number] when Number(number) is { } asked && context.IsInputRedirected:
                // A number alone names a question only if an answer comes on standard input; else the number is the answer.
                var piped = await TextInput.FromInputAsync(context, limit, cancellationToken);
                return string.IsNullOrWhiteSpace(piped) ? new Words(null, number) : new Words(asked, piped);
            default:
                return new Words(null, await TextInput.ReadAsync(context, words.FirstOrDefault(), limit, cancellationToken));
        }
    }

    private static long? Number(string word) =>
        long.TryParse(word.StartsWith('#') ? word.AsSpan(1) : word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static async Task<int> RunAsync(CommandContext context, DaemonClient daemon, Words said, bool json, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString(); // Sent twice, it is still one answer.
        var answer = await SayAsync(daemon, said, id, cancellationToken);
        for (var attempt = 2; answer is DaemonClient.Answer.Silent or DaemonClient.Answer.Said { Status: >= 500 } && attempt <= Attempts; attempt++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, cancellationToken);
            answer = await SayAsync(daemon, said, id, cancellationToken);
        }
        var outcome = DaemonClient.Agreed(answer);
        if (json)
            context.WriteJson(outcome);
        else
            context.WriteText(Describe(outcome));
        return ExitCode.Done;
    }

    private static Task<DaemonClient.Answer> SayAsync(DaemonClient daemon, Words said, string id, CancellationToken cancellationToken) =>
        daemon.PostAsync("/answers", new { said.Text, said.Question, Id = id }, Patience, cancellationToken);

    private static string Describe(JsonElement outcome)
    {
        var question = outcome.TryGetProperty("question", out var number) && number.ValueKind == JsonValueKind.Number ? $"#{number}" : null;
        var session = outcome.TryGetProperty("session", out var name) ? name.GetString() : null;
        return outcome.GetProperty("outcome").GetString() switch
        {
            "accepted" => $"answered question {question}; the advisor's reply goes to {session}",
            "direct" when question is null => $"goes straight to {session}",
            "direct" => $"goes straight to {session}; question {question} is settled",
            _ => "taken before",
        };
    }
}

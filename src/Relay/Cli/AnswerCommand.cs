using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Relay.Cli;

/// <summary>relay answer: the operator answers a question, or writes to a session.</summary>
internal static class AnswerCommand
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(300);

    /// <summary>Long enough for a daemon that is being restarted.</summary>
    private const int Attempts = 5;

    private sealed record OperatorText(long? Question, string Text);

    public static Command Create(CommandContext context)
    {
        var words = new Argument<string[]>("[QUESTION] [TEXT]")
        {
            Description = "the question's number, needed if several are open; the answer, or - to read it from standard input; "
                + "\"@session: text\" goes straight to that session",
            Arity = new ArgumentArity(0, 2),
        };
        words.Validators.Add(CommonOptions.RefuseMistypedOptions);
        var json = CommonOptions.Json();
        var command = new Command("answer", "answer a question as the operator") { words, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var settings = context.Settings(parse);
            using var daemon = new DaemonClient(settings, TimeProvider.System);
            if (daemon.ProcessId is null)
                throw DaemonClient.NotRunning();
            var limit = settings.Current.Config.MaxEnvelopeBytes;
            var answer = await ReadAsync(context, parse.GetValue(words) ?? [], limit, cancellationToken);
            return await RunAsync(context, daemon, answer, parse.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static async Task<OperatorText> ReadAsync(
        CommandContext context, string[] words, int limit, CancellationToken cancellationToken)
    {
        switch (words)
        {
            case [var number, var text]:
                var question = Number(number) ?? throw new CommandFailure(
                    ExitCode.Usage, $"\"{number}\" is not the number of a question; an answer of several words needs quotes");
                return new OperatorText(question, await TextInput.ReadAsync(context, text, limit, cancellationToken));
            case [var number] when Number(number) is { } asked && context.IsInputRedirected:
                // A number alone is the question if standard input holds an answer; otherwise it is the answer.
                var piped = await TextInput.FromInputAsync(context, limit, cancellationToken);
                return string.IsNullOrWhiteSpace(piped) ? new OperatorText(null, number) : new OperatorText(asked, piped);
            default:
                return new OperatorText(null, await TextInput.ReadAsync(context, words.FirstOrDefault(), limit, cancellationToken));
        }
    }

    private static long? Number(string word)
    {
        var digits = word.StartsWith('#') ? word.AsSpan(1) : word;
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static async Task<int> RunAsync(
        CommandContext context, DaemonClient daemon, OperatorText answer, bool json, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString(); // The same in each attempt, so it is taken once.
        var response = await PostAsync(daemon, answer, id, cancellationToken);
        for (var attempt = 2; IsWorthRetrying(response) && attempt <= Attempts; attempt++)
        {
            await Task.Delay(RetryPause, TimeProvider.System, cancellationToken);
            response = await PostAsync(daemon, answer, id, cancellationToken);
        }
        var outcome = DaemonClient.BodyOf(response);
        if (json)
            context.WriteJson(outcome);
        else
            context.WriteText(Describe(outcome));
        return ExitCode.Done;
    }

    private static bool IsWorthRetrying(DaemonClient.Response response) =>
        response is DaemonClient.Response.Unanswered or DaemonClient.Response.Received { Status: >= 500 };

    private static Task<DaemonClient.Response> PostAsync(
        DaemonClient daemon, OperatorText answer, string id, CancellationToken cancellationToken) =>
        daemon.PostAsync("/answers", new { answer.Text, answer.Question, Id = id }, ResponseTimeout, cancellationToken);

    private static string Describe(JsonElement outcome)
    {
        var question = outcome.TryGetProperty("question", out var number) && number.ValueKind == JsonValueKind.Number ? $"#{number}" : null;
        var session = outcome.TryGetProperty("session", out var name) ? name.GetString() : null;
        return outcome.GetProperty("outcome").GetString() switch
        {
            "accepted" => $"answered question {question}; the advisor's reply goes to {session}",
            "direct" when question is null => $"goes straight to {session}",
            "direct" => $"goes straight to {session}; question {question} is settled",
            _ => "already taken",
        };
    }
}

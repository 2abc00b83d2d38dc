using System.CommandLine;
using System.Text.Json;
using Relay.Operator.Rulings;

namespace Relay.Cli;

/// <summary>relay rulings scope, retire and overturn: what the operator does with a ruling.</summary>
internal static class RulingCommands
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(20);

    public static Command Scope(CommandContext context)
    {
        var (number, json) = (Ruling(), CommonOptions.Json());
        var scope = new Argument<string>("SCOPE") { Description = ScopeWords.Allowed };
        var command = new Command("scope", "say for what a ruling holds from now on") { number, scope, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var (id, word) = (RulingsCommand.Number(parse.GetValue(number))!.Value, parse.GetValue(scope)!);
            if (ScopeWords.Parse(word) is not { } meant)
                throw new CommandFailure(ExitCode.Usage, $"\"{word}\" is no scope: {ScopeWords.Allowed}");
            var done = await PostAsync(context, parse, $"/rulings/{id}/scope", new { Scope = word }, cancellationToken);
            Tell(context, done, parse.GetValue(json), $"ruling {id} holds {Describe(meant)}");
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Retire(CommandContext context)
    {
        var (number, json) = (Ruling(), CommonOptions.Json());
        var reason = new Argument<string[]>("REASON") { Description = "kept with it", Arity = ArgumentArity.ZeroOrMore };
        reason.Validators.Add(CommonOptions.RefuseMistypedOptions);
        var command = new Command("retire", "end a ruling: it leaves all calls to come, and stays on record") { number, reason, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var id = RulingsCommand.Number(parse.GetValue(number))!.Value;
            var why = string.Join(' ', parse.GetValue(reason) ?? []);
            var done = await PostAsync(context, parse, $"/rulings/{id}/retire", new { Reason = why }, cancellationToken);
            Tell(context, done, parse.GetValue(json), $"ruling {id} is retired; no call to come carries it");
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Overturn(CommandContext context)
    {
        var json = CommonOptions.Json();
        var what = new Argument<string>("USE-OR-MESSAGE")
        {
            Description = "the number of a use, as relay rulings RULING lists them, or the message that was settled without you",
        };
        var command = new Command("overturn", "no, ask me: what a ruling or a default has settled is asked of you anew") { what, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var done = await PostAsync(context, parse, "/rulings/overturn", new { What = parse.GetValue(what) }, cancellationToken);
            var question = done.GetProperty("question").GetInt64();
            var ruling = done.GetProperty("ruling") is { ValueKind: JsonValueKind.Number } number
                ? $"; your answer takes the place of ruling {number.GetInt64()}"
                : "";
            Tell(context, done, parse.GetValue(json), $"question #{question} is open{ruling}: relay answer {question} TEXT");
            return ExitCode.Done;
        });
        return command;
    }

    private static Argument<string> Ruling() => new("RULING") { Description = "its number" };

    private static string Describe(RulingScope scope) => scope switch
    {
        RulingScope.Once => "for its question only, and is not carried any more",
        RulingScope.Always => "for all conversations",
        _ => "for the conversation in which it was said",
    };

    private static void Tell(CommandContext context, JsonElement done, bool json, string text)
    {
        if (json)
            context.WriteJson(done);
        else
            context.Output.WriteLine(text);
    }

    private static async Task<JsonElement> PostAsync<T>(
        CommandContext context, ParseResult parse, string path, T body, CancellationToken cancellationToken)
    {
        using var daemon = new DaemonClient(context.Settings(parse), TimeProvider.System);
        return DaemonClient.BodyOf(await daemon.PostAsync(path, body, ResponseTimeout, cancellationToken));
    }
}

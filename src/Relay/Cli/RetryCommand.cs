using System.CommandLine;
using System.Text.Json;

namespace Relay.Cli;

/// <summary>relay retry: tries again one message that is held or deferred, or all that are held.</summary>
internal static class RetryCommand
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(20);

    public static Command Create(CommandContext context)
    {
        var message = CommonOptions.Message();
        message.Arity = ArgumentArity.ZeroOrOne;
        var spend = new Option<bool>("--until-spent")
        {
            Description = "go on until the budget's cap is really spent; it may be passed by the worst of one call",
        };
        var json = CommonOptions.Json();
        var command = new Command("retry", "try again now: one message, or all that are held") { message, spend, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var daemon = new DaemonClient(context.Settings(parse), TimeProvider.System);
            var all = parse.GetValue(spend) ? "/retry?until_spent" : "/retry";
            var id = parse.GetValue(message);
            var path = id is null ? all : "/messages/retry";
            var done = DaemonClient.BodyOf(await daemon.PostAsync(path, new { Message = id }, ResponseTimeout, cancellationToken));
            if (parse.GetValue(json))
                context.WriteJson(done);
            else if (done.TryGetProperty("released", out var released))
                Write(context, released.GetInt32(), done.GetProperty("held_for_budget").GetInt32());
            else
                context.Output.WriteLine($"{done.GetProperty("message").GetString()} is tried again{Once(done)}");
            return ExitCode.Done;
        });
        return command;
    }

    private static string Once(JsonElement done) =>
        done.TryGetProperty("paused", out var paused) && paused.GetString() is { } conversation
            ? $" once {conversation} goes on: relay resume {conversation}"
            : "";

    private static void Write(CommandContext context, int released, int forBudget)
    {
        if (released + forBudget == 0)
            context.Output.WriteLine("nothing is held");
        if (released > 0)
            context.Output.WriteLine($"{Are(released)} tried again");
        if (forBudget > 0)
            context.Output.WriteLine(
                $"{Are(forBudget)} held for the budget: relay retry ID makes one call all the same, relay retry --until-spent goes on");
    }

    private static string Are(int count) => $"{Printing.Many(count, "message")} {(count == 1 ? "is" : "are")}";
}

using System.CommandLine;
using System.Text.Json;
using Relay.Conversations;

namespace Relay.Cli;

/// <summary>relay pause and relay resume: has a conversation rest, and go on.</summary>
internal static class PauseCommand
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(20);

    public static Command Pause(CommandContext context) => Create(
        context, "pause", "take no turn in a conversation, and spend nothing on it, until resume", done =>
        {
            var name = Name(done);
            var state = Flag(done, "changed") ? "is paused" : "was paused already";
            var call = Flag(done, "call_under_way") ? "; the call under way ends as usual, and its reply is delivered" : "";
            return $"{name} {state}{call}; what is said in it and what you answer is taken, and waits: relay resume {name}";
        });

    public static Command Resume(CommandContext context) => Create(
        context, "resume", "have a paused conversation go on", done =>
        {
            if (!Flag(done, "changed"))
                return $"{Name(done)} was not paused";
            var waiting = done.GetProperty("waiting").GetInt64();
            return $"{Name(done)} goes on{(waiting == 0 ? "" : $"; {Printing.Many(waiting, "message")} without a reply in it")}";
        });

    private static Command Create(CommandContext context, string name, string description, Func<JsonElement, string> tell)
    {
        var conversation = new Argument<string?>("CONVERSATION")
        {
            Description = $"its name; {SessionDirectory.Default} unless said",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = CommonOptions.Json();
        var command = new Command(name, description) { conversation, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var daemon = new DaemonClient(context.Settings(parse), TimeProvider.System);
            var body = new { Conversation = parse.GetValue(conversation) };
            var done = DaemonClient.BodyOf(await daemon.PostAsync("/" + name, body, ResponseTimeout, cancellationToken));
            if (parse.GetValue(json))
                context.WriteJson(done);
            else
                context.Output.WriteLine(tell(done));
            return ExitCode.Done;
        });
        return command;
    }

    private static string Name(JsonElement done) => done.GetProperty("conversation").GetString()!;

    private static bool Flag(JsonElement done, string name) => done.GetProperty(name).GetBoolean();
}

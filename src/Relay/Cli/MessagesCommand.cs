using System.CommandLine;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Intake;
using Relay.Storage;
using Relay.Texts;
using Relay.Turns;

namespace Relay.Cli;

/// <summary>relay messages: what is under way, from an envelope that is not read yet to a reply that is not taken yet.</summary>
internal static class MessagesCommand
{
    private const int LongestText = 40;

    /// <summary>Of the queue folder: each is read.</summary>
    private const int MostEnvelopes = 200;

    public static readonly IReadOnlyList<Column> Columns =
    [
        new("message") { Meaning = "its id: explain, retry and drop take it, or its beginning" },
        new("session") { Meaning = "who said it, or whom the reply is for" },
        new("state") { Meaning = "queued, accepted, asking, waiting (for the operator), deferred, held, answered, placed" },
        new("age") { IsNumber = true, Rank = 1 },
        new("waits for"),
        new("text") { Rank = 2 },
    ];

    /// <summary>One line of the list.</summary>
    private sealed record UnderWay(
        string? Id, string Session, string? Conversation, string State, DateTimeOffset Since, string WaitsFor, string Text);

    public static Command Create(CommandContext context)
    {
        var json = CommonOptions.Json();
        var command = new Command("messages", "list what is under way: messages without a reply, and replies nobody has taken") { json };
        command.SetAction((parse, cancellationToken) =>
            RunAsync(context, context.Settings(parse), parse.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        CommandContext context, SettingsSource settings, bool json, CancellationToken cancellationToken)
    {
        var home = settings.Current.Home;
        await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
        var all = await reader.ReadAsync(reading => ReadAsync(reading, cancellationToken), cancellationToken);
        if (CutOff.Is(settings))
            all = all.ConvertAll(each => each with { WaitsFor = CutOff.Told(each.WaitsFor)! });
        all.AddRange(Envelopes(home, settings.Current.Config.MaxEnvelopeBytes));
        if (json)
            context.WriteJson(all);
        else if (all.Count == 0)
            context.Output.WriteLine("nothing is under way");
        else
            context.WriteTable(Columns, all.ConvertAll(Row));
        return ExitCode.Done;
    }

    private static async Task<List<UnderWay>> ReadAsync(Reading reading, CancellationToken cancellationToken)
    {
        var all = new List<UnderWay>();
        foreach (var reply in await Outbox.OpenAsync(reading, cancellationToken))
            all.Add(new UnderWay(
                reply.Message?.Value, reply.Session.Value, reply.Conversation.Value,
                reply.State == DispatchState.Placed ? "placed" : "answered", reply.CreatedAt, Receipt(reply), reply.Content));
        foreach (var message in await MessageStore.UnderWayAsync(reading, cancellationToken))
        {
            var wait = await Waits.OfAsync(reading, message, cancellationToken);
            all.Add(new UnderWay(
                message.Id.Value, message.Speaker == Speaker.Session ? message.Session.Value : "operator", message.Conversation.Value,
                message.State.Word(), message.AcceptedAt, WithoutState(message.State, wait.Words), message.Content));
        }
        return all;
    }

    /// <summary>The state has a column of its own.</summary>
    private static string WithoutState(MessageState state, string words) =>
        words.StartsWith(state.Word() + ": ", StringComparison.Ordinal) ? words[(state.Word().Length + 2)..]
        : words.StartsWith(state.Word() + " ", StringComparison.Ordinal) ? words[(state.Word().Length + 1)..]
        : words.StartsWith("waiting for the operator", StringComparison.Ordinal) ? words["waiting ".Length..]
        : words;

    private static string Receipt(OutboundReply reply) => (reply.Channel, reply.State) switch
    {
        (ReplyChannel.Folder, DispatchState.Placed) => $"the session to take dispatch/{reply.Session}/input.txt",
        (ReplyChannel.Folder, _) => $"its place in dispatch/{reply.Session}",
        (ReplyChannel.Caller, _) => "relay ask to take it",
        _ => "the session's next hook or tool call",
    };

    /// <summary>What lies in the queue folder. A running relay reads it at once; without one it waits there.</summary>
    private static IEnumerable<UnderWay> Envelopes(RelayHome home, int limit)
    {
        foreach (var (path, facts) in QueueFolder.Waiting(home.Queue).Take(MostEnvelopes))
            if (facts.Size <= limit && QueuedEnvelope.Read(path, facts, limit) is { } envelope)
                yield return new UnderWay(
                    envelope.MessageId ?? envelope.Id, envelope.Session.Value, Conversation: null, "queued",
                    DateTimeOffset.FromUnixTimeMilliseconds(facts.ModifiedNanoseconds / 1_000_000),
                    "the daemon to read it", envelope.Content);
    }

    private static IReadOnlyList<string> Row(UnderWay each) =>
    [
        each.Id ?? "-",
        each.Session,
        each.State,
        Printing.Age(TimeProvider.System.GetUtcNow() - each.Since),
        each.WaitsFor,
        Printing.FirstLine(each.Text, LongestText),
    ];
}

using Relay.Conversations;
using Relay.Costs;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;
using Relay.Turns;

namespace Relay.Cli;

/// <summary>A message, the operator's answers to the questions it raised, and everything that happened to them.</summary>
internal sealed record MessageStory(
    Message Message,
    IReadOnlyList<MessageEvent> Events,
    IReadOnlyList<Message> Answers,
    IReadOnlyList<CallRecord> Calls,
    IReadOnlyList<Question> Questions,
    IReadOnlyList<DispatchRecord> Dispatches)
{
    /// <summary>The rulings that settled it.</summary>
    public IReadOnlyList<RulingUse> Uses { get; init; } = [];

    /// <summary>What it waits for; null where nothing comes any more, or it is answered.</summary>
    public string? WaitsFor { get; init; }

    public static async Task<MessageStory> ReadAsync(Reading reading, Message found, CancellationToken cancellationToken)
    {
        var family = await MessageStore.FamilyAsync(reading, found, cancellationToken);
        var root = family.Find(each => each.Id == found.Root) ?? found;
        var dispatch = await Outbox.RecordOfAsync(reading, root, cancellationToken);
        var calls = await Ledger.OfAsync(reading, root.Conversation, root.Id, cancellationToken);
        return new MessageStory(
            root with { State = MessageLife.StateOf(root, dispatch) },
            await MessageLife.ReadAsync(reading, family, calls, dispatch, cancellationToken),
            family.Where(each => each.Id != root.Id).ToList(),
            calls,
            await QuestionStore.OfAsync(reading, root.Conversation, root.Id, cancellationToken),
            dispatch is null ? [] : [dispatch])
        {
            WaitsFor = root.IsUnanswered ? (await Waits.OfAsync(reading, root, cancellationToken)).Words : null,
            Uses = await RulingUses.OfMessageAsync(reading, root.Conversation, root.Id, cancellationToken),
        };
    }

    public object ToJson() => new
    {
        Id = Message.Id.Value,
        Session = Message.Session.Value,
        Conversation = Message.Conversation.Value,
        Speaker = Message.Speaker.Word(),
        State = Message.State.Word(),
        Message.Reason,
        WaitsFor,
        Message.AcceptedAt,
        Text = Message.Content,
        Events = Events.Select(each => new { each.At, Message = each.Message.Value, each.State, each.Detail }).ToList(),
        Answers = Answers.Select(AnswerJson).ToList(),
        Calls = Calls.Select(CallJson).ToList(),
        Questions = Questions.Select(QuestionsCommand.Json).ToList(),
        SettledBy = Uses.Select(use => new { use.Ruling, Use = use.Id, use.At, use.OverturnedAt, use.OverturnedBy }).ToList(),
        Dispatches,
    };

    public void Show(CommandContext context)
    {
        context.WriteFacts(
        [
            ("message", Message.Id.Value),
            ("from", Message.Speaker == Speaker.Session ? Message.Session.Value : "operator"),
            ("conversation", Message.Conversation.Value),
            ("state", Message.Reason is null ? Message.State.Word() : $"{Message.State.Word()}: {Message.Reason}"),
            ("waits for", Message.Reason is { } reason && WaitsFor?.EndsWith(reason, StringComparison.Ordinal) == true ? null : WaitsFor),
            ("cost", Cost()),
        ]);
        context.Output.WriteLine();
        context.WriteBlock(Message.Content);
        context.Output.WriteLine();
        context.WriteTable([new("time"), new("of") { Rank = 1 }, new("state"), new("detail")], Events.Select(Row).ToList());
        ShowCalls(context);
        foreach (var question in Questions)
        {
            context.Output.WriteLine();
            context.WriteEntry($"question #{question.Id}, {Printing.Time(question.AskedAt)}: ", question.Text);
            if (question.AnsweredAt is { } at)
                context.WriteEntry($"{QuestionsCommand.Answered(question, Printing.Time(at))}: ", question.Answer ?? "");
            else
                context.Output.WriteLine("not answered yet");
        }
        ShowUses(context);
        foreach (var dispatch in Dispatches)
        {
            context.Output.WriteLine();
            context.WriteText(
                $"reply to {dispatch.Session} by {dispatch.Channel}, {dispatch.State}; made {Exact(dispatch.CreatedAt)}, "
                + (dispatch.Channel == "folder" ? $"placed {ExactOrNever(dispatch.PlacedAt)}, " : "")
                + (dispatch.Channel == "agent" ? $"handed {ExactOrNever(dispatch.HandedAt ?? dispatch.ConsumedAt)}, " : "")
                + $"consumed {ExactOrNever(dispatch.ConsumedAt)}:");
            context.WriteBlock(dispatch.Content);
        }
    }

    private void ShowUses(CommandContext context)
    {
        foreach (var use in Uses)
        {
            context.Output.WriteLine();
            var after = use.OverturnedBy is { } question ? $"overturned {Printing.Time(use.OverturnedAt!.Value)}: question #{question}"
                : $"relay rulings {use.Ruling} shows it, relay rulings overturn {use.Id} has you asked";
            context.Output.WriteLine($"settled by ruling {use.Ruling}, {Printing.Time(use.At)}; {after}");
        }
    }

    private IReadOnlyList<string> Row(MessageEvent change) =>
        [Exact(change.At), change.Message == Message.Id ? "message" : "answer", change.State, OneLine(change.Detail)];

    private void ShowCalls(CommandContext context)
    {
        if (Calls.Count == 0)
            return;
        context.Output.WriteLine();
        context.WriteTable(CallColumns, Calls.Select(Row).ToList());
    }

    private static readonly IReadOnlyList<Column> CallColumns =
    [
        new("call"), new("took") { IsNumber = true, Rank = 5 }, new("purpose") { Rank = 8 }, new("model") { Rank = 7 }, new("state"),
        new("input") { IsNumber = true, Rank = 2 }, new("output") { IsNumber = true, Rank = 1 },
        new("cache write") { IsNumber = true, Rank = 4 }, new("cache read") { IsNumber = true, Rank = 3 },
        new("USD") { IsNumber = true }, new("note") { Rank = 6 },
    ];

    private static IReadOnlyList<string> Row(CallRecord call) =>
    [
        Exact(call.StartedAt),
        call.FinishedAt is { } end ? FormattableString.Invariant($"{(end - call.StartedAt).TotalSeconds:0.0} s") : "",
        call.Purpose, call.Model, call.State,
        Printing.Count(call.Tokens.Input), Printing.Count(call.Tokens.Output),
        Printing.Count(call.Tokens.CacheWrite5m + call.Tokens.CacheWrite1h), Printing.Count(call.Tokens.CacheRead),
        call.CostNano is { } nano ? Printing.CostCell(Dollars.Of(nano), 0) : call.State == "started" ? "" : "unknown",
        OneLine(call.Note),
    ];

    private string Cost()
    {
        var unknown = Calls.Count(call => call.CostNano is null && call.State != "started");
        var cost = Printing.Cost(Dollars.Of(Calls.Sum(call => call.CostNano ?? 0)), unknown);
        return $"{cost} for {Printing.Calls(Calls.Count)}{(unknown == 0 ? "" : $", {unknown} of unknown cost")}";
    }

    private static object AnswerJson(Message answer) => new
    {
        Id = answer.Id.Value,
        State = answer.State.Word(),
        answer.AcceptedAt,
        Text = answer.Content,
    };

    private static object CallJson(CallRecord call) => new
    {
        call.Purpose,
        call.Model,
        call.State,
        call.StartedAt,
        call.FinishedAt,
        Tokens = CostsCommand.Tokens(call.Tokens),
        CostUsd = call.CostNano is { } nano ? Dollars.Of(nano) : (decimal?)null,
        PerhapsPaidTwice = call.State == "lost",
        call.StopReason,
        call.RequestId,
        call.Note,
    };

    private static string Exact(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static string ExactOrNever(DateTimeOffset? time) => time is { } at ? Exact(at) : "not yet";

    private static string OneLine(string? text) => (text ?? "").ReplaceLineEndings(" ");
}

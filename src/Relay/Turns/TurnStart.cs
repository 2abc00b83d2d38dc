using System.Text;
using Relay.Advisor;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>A message that is being asked, under the settings that were in force.
/// The commit carries the epoch, and a stale one is refused.</summary>
internal sealed record Claim(Message Message, long Epoch, AdvisorCall Call, StartedCall Ledger, Settings Settings)
{
    /// <summary>The conversation's answered calls before this one, newest first.</summary>
    public required IReadOnlyList<PastCall> Past { get; init; }

    /// <summary>What the advisor was shown before the message.</summary>
    public required ContextWindow Window { get; init; }

    /// <summary>The message's entry in the journal.</summary>
    public required long Position { get; init; }

    /// <summary>The length of what no summary can take the place of: the system prompt and the operator's rulings.</summary>
    public long CarriedBytes => Encoding.UTF8.GetByteCount(Call.System) + Window.RulingBytes();

    /// <summary>The length of what no reply has followed yet.</summary>
    public long NewestBytes =>
        Encoding.UTF8.GetByteCount(Message.Content) + Window.Unanswered().Sum(entry => Encoding.UTF8.GetByteCount(entry.Text));
}

/// <summary>What the API has counted of a call of that length; null where it could not say.</summary>
internal sealed record Counted(long PromptBytes, long? Tokens);

/// <summary>The claim of a turn; null when there is nothing to ask now: nothing waits, what comes next is deferred, or the budget says no.
/// The budget may say otherwise once the API has counted the call.</summary>
internal sealed record Start(Claim? Claim, AdvisorCall? Uncounted)
{
    public static readonly Start Nothing = new(Claim: null, Uncounted: null);
}

/// <summary>The first transaction of a turn: (1) find the message whose turn it is, (2) reserve the cost, (3) append the user entry if it
/// is not there, (4) claim the conversation and note the call. All of it or nothing.</summary>
internal sealed partial class TurnStart(
    ContextWindows windows, CallBuilder calls, PaidCalls paid, ILogger<TurnStart> log)
{
    /// <param name="writing">The transaction, which may be the one that ends the turn before.</param>
    /// <param name="conversation">Whose next message is asked.</param>
    /// <param name="past">The answered calls up to now; null where they are to be looked up.</param>
    /// <param name="counted">What the API has counted of the call; null where it was not asked.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Start> ClaimAsync(
        Writing writing, ConversationId conversation, IReadOnlyList<PastCall>? past, Counted? counted, CancellationToken cancellationToken)
    {
        var inForce = calls.Settings; // Before the call is built: a change from here on is noticed when a hold is recorded.
        var message = await NextAsync(writing, conversation, cancellationToken); // (1)
        for (; message is { Channel: ReplyChannel.None }; message = await NextAsync(writing, conversation, cancellationToken))
            await NoteAsync(writing, message, cancellationToken);
        if (message?.TimeLeft(writing.Now) != TimeSpan.Zero
            || await AllowanceAsync(writing, message, cancellationToken) is not { } allowance)
            return Start.Nothing;
        past ??= await paid.History.ReadAsync(writing, conversation, cancellationToken);
        var name = calls.Settings.Config.Operator.Name;
        if (message.AskedPosition is null)
            await RulingsForAll.TellAsync(writing, conversation, name, cancellationToken);
        var window = await windows.ReadAsync(writing, message.Conversation, cancellationToken);
        var entry = message.AskedPosition is null ? await MessageEntry.OfAsync(writing, message, name, cancellationToken) : null;
        var call = await BuildAsync(writing, entry is null ? window : window.With(MessageEntry.ToCome(entry, writing.Now)), message, past,
            cancellationToken);
        var planned = call.ToPlanned() with { CountedTokens = counted?.Tokens, HasLeave = allowance.HasLeave };
        var leave = await paid.Budget.ReserveAsync(writing, planned, past, cancellationToken); // (2)
        if (leave is Budget.Leave.Denied { MayFit: true } && counted?.PromptBytes != planned.PromptBytes)
            return new Start(Claim: null, Uncounted: call);
        if (leave is not Budget.Leave.Granted { ReservedNano: var reserved })
        {
            await paid.Waits.WaitAsync(writing, message, leave, cancellationToken);
            return Start.Nothing;
        }
        var position = message.AskedPosition ?? await Journal.AppendAsync(writing, entry!, cancellationToken); // (3)
        await MessageStore.AskAsync(writing, message, position, cancellationToken);
        await paid.Waits.GrantedAsync(writing, cancellationToken);
        var started = await StartAsync(writing, message, planned, reserved, cancellationToken); // (4)
        var claim = new Claim(message, started.Epoch, call, started.Call, inForce) { Past = past, Window = window, Position = position };
        return new Start(claim, Uncounted: null);
    }

    private static async Task<(StartedCall Call, long Epoch)> StartAsync(
        Writing writing, Message message, PlannedCall planned, long? reservedNano, CancellationToken cancellationToken)
    {
        var call = new StartedCall(Guid.CreateVersion7(writing.Now).ToString(), message.Conversation, message.Root, CallPurpose.Turn)
        {
            At = writing.Now,
            Session = message.Session,
            Model = planned.Model,
            PromptBytes = planned.PromptBytes,
            MaxTokens = planned.MaxTokens,
            ReservedNano = reservedNano,
        };
        return (call, await CallStart.ClaimAsync(writing, call, message.Root.Value, cancellationToken));
    }

    /// <summary>The one message of a conversation whose turn it is; whoever stands behind it waits, however due he is. While a question is
    /// open only the operator's are asked; while the conversation is paused, none is.</summary>
    public static async Task<Message?> NextAsync(Reading reading, ConversationId conversation, CancellationToken cancellationToken)
    {
        if (await ConversationStore.FindAsync(reading, conversation, cancellationToken) is not { Pause: null } found)
            return null;
        var own = await MessageStore.NextAsync(reading, conversation, Speaker.Operator, cancellationToken);
        if (found.OpenQuestion is not null)
            return own?.Message;
        var sessions = await MessageStore.NextAsync(reading, conversation, Speaker.Session, cancellationToken);
        if (own is null || sessions is null)
            return (own ?? sessions)?.Message;
        var isOwnFirst = (own.Priority, own.Message.Number).CompareTo((sessions.Priority, sessions.Message.Number)) < 0;
        return (isOwnFirst ? own : sessions).Message;
    }

    /// <summary>The window as it will be once the message's entry stands in the journal, which on a repeated turn it does
    /// already.</summary>
    private async Task<AdvisorCall> BuildAsync(
        Writing writing, ContextWindow window, Message message, IReadOnlyList<PastCall> past, CancellationToken cancellationToken)
    {
        var roster = await Roster.ReadAsync(writing, message, calls.Settings.Config.Operator.Name, cancellationToken);
        return calls.Turn(window, past) with { Aside = roster };
    }

    /// <summary>A message that wants no reply enters the journal at its turn, and the next call carries it.</summary>
    private async Task NoteAsync(Writing writing, Message message, CancellationToken cancellationToken)
    {
        var entry = await MessageEntry.OfAsync(writing, message, calls.Settings.Config.Operator.Name, cancellationToken);
        await Journal.AppendAsync(writing, entry, cancellationToken);
        var change = new Change(MessageState.Consumed, Reason: "in the journal; no reply was wanted");
        await MessageStore.ChangeAsync(writing, message.Conversation, message.Id, change, cancellationToken);
    }

    /// <summary>Whatever released it: what was paid for nothing often enough is not paid for once more. Null when it is held for that.
    /// </summary>
    private async Task<Allowance?> AllowanceAsync(Writing writing, Message message, CancellationToken cancellationToken)
    {
        if (message is { Attempts: 0, Reason: null })
            return Allowance.Untouched;
        var allowance = await MessageStore.AllowanceAsync(writing, message, cancellationToken);
        if (!allowance.IsUsedUp)
            return allowance;
        var why = await Waste.WhyNoMoreAsync(writing, message, last: null, cancellationToken);
        await HoldAsync(writing, message, new Change(MessageState.Held, HoldCause.Wasted, why!.TrimEnd()), cancellationToken);
        return null;
    }

    private async Task HoldAsync(Writing writing, Message message, Change change, CancellationToken cancellationToken)
    {
        await MessageStore.ChangeAsync(writing, message.Conversation, message.Id, change, cancellationToken);
        await HoldPages.PageAsync(writing, message, change.Cause!.Value, change.Reason!, cancellationToken);
        writing.OnceCommitted(() => LogHeld(message.Id, change.Reason!));
    }

    [LoggerMessage(LogLevel.Error, "{MessageId} is held: {Reason}")]
    private partial void LogHeld(MessageId messageId, string reason);
}

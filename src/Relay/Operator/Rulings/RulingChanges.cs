using System.Globalization;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Operator.Rulings;

/// <summary>What the operator does with a ruling: it leaves the calls to come, wherever it stands, and never the record.</summary>
internal static class RulingChanges
{
    /// <summary>Why not; null when it is done.</summary>
    public static async Task<string?> RetireAsync(Writing writing, long number, string? reason, CancellationToken cancellationToken)
    {
        if (await RulingStore.FindAsync(writing, number, cancellationToken) is not { } ruling)
            return Unknown(number);
        if (ruling.State != RulingState.Standing)
            return Ended(ruling);
        if (ruling.Message is { } id && await MessageStore.FindAsync(writing, ruling.Conversation, id, cancellationToken)
            is { IsUnanswered: true })
            return $"ruling {number} is on its way to the advisor, as message {id}: retire it after the reply, or give it up: "
                + $"relay drop {id}";
        var why = "retired by the operator" + (string.IsNullOrWhiteSpace(reason) ? "" : $": {reason.Trim()}");
        await RulingStore.EndAsync(writing, ruling, why, by: null, cancellationToken);
        await LeaveAsync(writing, ruling, _ => true, $"ruling {number} was {why}", cancellationToken);
        return null;
    }

    /// <summary>A newer answer to the same question has its place.</summary>
    public static async Task SupersedeAsync(Writing writing, long number, long by, CancellationToken cancellationToken)
    {
        if (await RulingStore.FindAsync(writing, number, cancellationToken) is not { State: RulingState.Standing } ruling)
            return;
        var why = string.Create(CultureInfo.InvariantCulture, $"superseded by ruling {by}");
        await RulingStore.EndAsync(writing, ruling, why, by, cancellationToken);
        await LeaveAsync(writing, ruling, _ => true, $"ruling {number} was {why}", cancellationToken);
    }

    /// <summary>The words were given up before the advisor took them; their entry is left out by whoever gives them up.</summary>
    /// <param name="writing">Where it is recorded.</param>
    /// <param name="message">The words.</param>
    /// <param name="overturned">The ruling that the question was about which they answered.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task GiveUpAsync(Writing writing, Message message, long? overturned, CancellationToken cancellationToken)
    {
        if (message.Speaker == Speaker.Operator
            && await RulingStore.OfMessageAsync(writing, message.Conversation, message.Id, cancellationToken) is { } ruling)
        {
            var stood = await RulingStore.EndAsync(writing, ruling, "given up before the advisor took it", by: null, cancellationToken);
            await LeaveAsync(
                writing, ruling, place => place != ruling.Conversation, $"ruling {ruling.Id} was given up", cancellationToken);
            if (stood && overturned is { } old)
                await ReinstateAsync(writing, ruling, old, cancellationToken);
        }
    }

    /// <summary>The ruling whose place it took has it again.</summary>
    private static async Task ReinstateAsync(Writing writing, RulingRecord gone, long overturned, CancellationToken cancellationToken)
    {
        var before = await RulingStore.FindAsync(writing, overturned, cancellationToken);
        while (before is { State: RulingState.Superseded, SupersededBy: { } next } && next != gone.Id)
            before = await RulingStore.FindAsync(writing, next, cancellationToken);
        if (before is not { State: RulingState.Superseded })
            return;
        await RulingStore.ReinstateAsync(writing, before, cancellationToken);
        await Journal.BringBackAsync(writing, before.Conversation, before.Id, cancellationToken);
    }

    /// <summary>Why not; null when it is done.</summary>
    public static async Task<string?> SetScopeAsync(Writing writing, long number, RulingScope scope, CancellationToken cancellationToken)
    {
        if (await RulingStore.FindAsync(writing, number, cancellationToken) is not { } ruling)
            return Unknown(number);
        if (ruling.State != RulingState.Standing)
            return Ended(ruling);
        if (ruling.Scope == scope)
            return null;
        await RulingStore.SetScopeAsync(writing, ruling, scope, cancellationToken);
        if (ruling.Scope == RulingScope.Always)
            await LeaveAsync(
                writing, ruling, place => place != ruling.Conversation, $"ruling {number} does not hold in this conversation any more",
                cancellationToken);
        if (ruling.Scope == RulingScope.Once || scope == RulingScope.Once)
            foreach (var place in await Journal.PlacesOfAsync(writing, ruling.Id, cancellationToken))
                await Journal.CarryAsync(
                    writing, place, scope != RulingScope.Once, RulingNote.Of(ruling with { Scope = scope }), cancellationToken);
        return null;
    }

    private static async Task LeaveAsync(
        Writing writing, RulingRecord ruling, Predicate<ConversationId> where, string why, CancellationToken cancellationToken)
    {
        foreach (var (conversation, position) in await Journal.PlacesOfAsync(writing, ruling.Id, cancellationToken))
            if (where(conversation))
                await Journal.LeaveOutAsync(writing, conversation, position, why, cancellationToken);
    }

    private static string Unknown(long number) => $"there is no ruling {number}";

    private static string Ended(RulingRecord ruling) => FormattableString.Invariant(
        $"ruling {ruling.Id} is not in force since {ruling.EndedAt:yyyy-MM-dd'T'HH:mm:ss'Z'}: {ruling.EndedWhy}");
}

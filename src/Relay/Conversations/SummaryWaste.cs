using System.Globalization;
using Relay.Storage;

namespace Relay.Conversations;

/// <summary>What was, or perhaps was, paid for a conversation's next summary and brought none. It is kept over restarts, until there is a
/// summary or the operator's word, or until so much has come in that it would be another summary.</summary>
/// <param name="Calls">How many.</param>
/// <param name="Lost">Those whose end nobody saw.</param>
/// <param name="Nano">What they cost at worst, in nano-dollars.</param>
/// <param name="Characters">The length of the window at the first of them.</param>
internal sealed record SummaryWaste(long Calls, long Lost, long Nano, long Characters)
{
    private const string Prefix = "summary_waste:";

    public bool IsUsedUp => new Allowance(Calls, Lost, HasLeave: false).IsUsedUp;

    /// <param name="reading">The snapshot.</param>
    /// <param name="conversation">Whose.</param>
    /// <param name="window">The length of the window now, and the cap it is to be kept under.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<SummaryWaste> ReadAsync(
        Reading reading, ConversationId conversation, (long Characters, int Cap) window, CancellationToken cancellationToken)
    {
        var fact = await FactStore.FindAsync(reading, Prefix + conversation, cancellationToken);
        var numbers = fact?.Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture)).ToList();
        return numbers is [var calls, var lost, var nano, var characters] && window.Characters < characters + window.Cap / 2
            ? new SummaryWaste(calls, lost, nano, characters)
            : new SummaryWaste(Calls: 0, Lost: 0, Nano: 0, window.Characters);
    }

    public Task WriteAsync(Writing writing, ConversationId conversation, CancellationToken cancellationToken) =>
        FactStore.SetAsync(
            writing, Prefix + conversation,
            string.Create(CultureInfo.InvariantCulture, $"{Calls} {Lost} {Nano} {Characters}"), cancellationToken);

    /// <summary>There is a summary, or the operator said so. False when there was nothing to clear.</summary>
    public static Task<bool> ClearAsync(Writing writing, ConversationId conversation, CancellationToken cancellationToken) =>
        FactStore.RemoveAsync(writing, Prefix + conversation, cancellationToken);
}

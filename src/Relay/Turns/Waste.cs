using System.Globalization;
using Relay.Conversations;
using Relay.Costs;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>Bounds what is paid for nothing: a call that was, or perhaps was, paid for and brought no reply is repeated twice, and then
/// only when the operator says so.</summary>
internal static class Waste
{
    /// <summary>What to hold the message with; null while it may be asked again.</summary>
    public static async Task<string?> WhyNoMoreAsync(Reading reading, Message message, string? last, CancellationToken cancellationToken)
    {
        var allowance = await MessageStore.AllowanceAsync(reading, message, cancellationToken);
        if (!allowance.IsUsedUp)
            return null;
        return Describe(
            allowance.Calls, last, await Ledger.WastedNanoAsync(reading, message.Conversation, message.Root, cancellationToken));
    }

    public static string Describe(long calls, string? last, long nano) => string.Create(
        CultureInfo.InvariantCulture,
        $"{calls} calls were paid for, or perhaps were, and brought nothing; at worst {Dollars.Of(nano):0.00##} USD are spent on it. ")
        + (last is null ? "" : $"The last: {last}");
}

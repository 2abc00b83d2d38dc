using Relay.Configuration;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>Remembers which conversations have grown over history_char_cap because their last summary failed.</summary>
internal static class MissingSummaries
{
    private const string Prefix = "no_summary:";

    public static Task NoteAsync(Writing writing, ConversationId conversation, string why, CancellationToken cancellationToken) =>
        FactStore.SetAsync(writing, Prefix + conversation, why, cancellationToken);

    public static Task ClearAsync(Writing writing, ConversationId conversation, CancellationToken cancellationToken) =>
        FactStore.RemoveAsync(writing, Prefix + conversation, cancellationToken);

    /// <summary>A line for each conversation that is over the cap.</summary>
    public static async Task<List<string>> ReadAsync(Reading reading, RelayConfig config, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        foreach (var (name, why) in await FactStore.ListAsync(reading, Prefix, cancellationToken))
        {
            var conversation = name[Prefix.Length..];
            var size = await ConversationStore.SizeAsync(reading, new ConversationId(conversation), cancellationToken);
            if (size?.Characters > config.HistoryCharCap)
                lines.Add(
                    FormattableString.Invariant($"conversation {conversation} has {size.Characters} characters, ")
                    + FormattableString.Invariant($"history_char_cap ({config.HistoryCharCap}) is passed: the last summary failed: {why}"));
        }
        return lines;
    }
}

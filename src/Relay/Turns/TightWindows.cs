using Relay.Configuration;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>Remembers where history_char_cap and keep_recent_turns cannot both be kept, for the status and the doctor.</summary>
internal static class TightWindows
{
    private const string Prefix = "tight_window:";

    /// <summary>After a summary: fewer turns than wanted stay, because more would be over half of the cap.</summary>
    public static async Task NoteAsync(
        Writing writing, ConversationId conversation, int kept, RelayConfig config, CancellationToken cancellationToken)
    {
        if (kept >= config.KeepRecentTurns)
            await FactStore.RemoveAsync(writing, Prefix + conversation, cancellationToken);
        else
            await FactStore.SetAsync(writing, Prefix + conversation, FormattableString.Invariant($"{kept}"), cancellationToken);
    }

    /// <summary>A line for each conversation.</summary>
    public static async Task<List<string>> ReadAsync(Reading reading, RelayConfig config, CancellationToken cancellationToken) =>
        (await FactStore.ListAsync(reading, Prefix, cancellationToken))
            .Where(fact => int.TryParse(fact.Value, out var kept) && kept < config.KeepRecentTurns)
            .Select(fact => Describe(fact.Name[Prefix.Length..], fact.Value, config))
            .ToList();

    private static string Describe(string conversation, string kept, RelayConfig config) => FormattableString.Invariant(
        $"conversation {conversation} keeps {kept} turns word for word and not keep_recent_turns ({config.KeepRecentTurns}): ")
        + FormattableString.Invariant($"more would be over half of history_char_cap ({config.HistoryCharCap})");
}

using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>Remembers where history_char_cap and keep_recent_turns cannot both be kept, for the status and the doctor.</summary>
internal static class TightWindows
{
    private const string Prefix = "tight_window:";

    /// <summary>After a summary: fewer turns than wanted stay, because more would be over half of the cap, or even one is.</summary>
    public static async Task NoteAsync(
        Writing writing, ConversationId conversation, Summary summary, RelayConfig config, CancellationToken cancellationToken)
    {
        var isTight = summary.KeptTurns < config.KeepRecentTurns || summary.KeptCharacters > config.HistoryCharCap / 2;
        if (!isTight)
            await FactStore.RemoveAsync(writing, Prefix + conversation, cancellationToken);
        else
            await FactStore.SetAsync(
                writing, Prefix + conversation, FormattableString.Invariant($"{summary.KeptTurns} {summary.KeptCharacters}"),
                cancellationToken);
    }

    /// <summary>A line for each conversation.</summary>
    public static async Task<List<string>> ReadAsync(Reading reading, RelayConfig config, CancellationToken cancellationToken) =>
        (await FactStore.ListAsync(reading, Prefix, cancellationToken))
            .Select(fact => Describe(fact.Name[Prefix.Length..], fact.Value.Split(' '), config))
            .OfType<string>()
            .ToList();

    /// <summary>Null where the settings have room by now.</summary>
    private static string? Describe(string conversation, string[] fact, RelayConfig config)
    {
        if (!int.TryParse(fact[0], CultureInfo.InvariantCulture, out var kept))
            return null;
        if (fact.Length > 1 && long.TryParse(fact[1], CultureInfo.InvariantCulture, out var characters) && kept <= 1
            && characters > config.HistoryCharCap / 2)
            return FormattableString.Invariant($"conversation {conversation} buys a summary every few turns: single turns ({characters} ")
                + FormattableString.Invariant($"characters) are over half of history_char_cap ({config.HistoryCharCap})");
        return kept >= config.KeepRecentTurns
            ? null
            : FormattableString.Invariant(
                $"conversation {conversation} keeps {kept} turns word for word and not keep_recent_turns ({config.KeepRecentTurns}): ")
                + FormattableString.Invariant($"more would be over half of history_char_cap ({config.HistoryCharCap})");
    }
}

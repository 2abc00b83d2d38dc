using Relay.Configuration;
using Relay.Costs;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>Something that was seen to go against the settings, and what to do.</summary>
internal sealed record SettingsWarning(string Text, string Fix)
{
    public override string ToString() => $"{Text}: {Fix}";
}

/// <summary>What status and doctor warn of.</summary>
internal static class SettingsWarnings
{
    public static async Task<List<SettingsWarning>> ReadAsync(Reading reading, RelayConfig config, CancellationToken cancellationToken)
    {
        var tight = await TightWindows.ReadAsync(reading, config, cancellationToken);
        var overruns = await Overrun.DescribeAllAsync(reading, cancellationToken);
        var missing = await MissingSummaries.ReadAsync(reading, config, cancellationToken);
        return
        [
            .. ContextFit.CarriedBy(config) is { } carried
                ? [new SettingsWarning(carried, "shorten system_prompt, or take a model with more room")]
                : Array.Empty<SettingsWarning>(),
            .. missing.Select(text => new SettingsWarning(text, "see relay log; relay retry asks for a summary again")),
            .. tight.Select(text => new SettingsWarning(text, "raise history_char_cap, or lower keep_recent_turns")),
            .. overruns.Select(text => new SettingsWarning(text, "see relay costs, and what stands at ANTHROPIC_BASE_URL")),
        ];
    }
}

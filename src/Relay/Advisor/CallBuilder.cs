using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;

namespace Relay.Advisor;

/// <summary>Builds calls from context windows. The same window always gives the same bytes,
/// so that the API's prompt cache is used.</summary>
internal sealed class CallBuilder(SettingsSource settings, PriceTable prices, TimeProvider clock)
{
    private const int TypicalNewTokens = 1_500;

    /// <summary>For what a model thinks before it writes a summary.</summary>
    private const int ThinkingTokens = 8_000;

    private static readonly Rates TypicalRates = new(Input: 1, Output: 5, CacheWrite5m: 1.25m, CacheWrite1h: 2, CacheRead: 0.1m);

    /// <summary>The current settings.</summary>
    public Settings Settings => settings.Current;

    public AdvisorCall Turn(ContextWindow window, IReadOnlyList<PastCall> past)
    {
        var config = settings.Current.Config;
        var messages = window.ToMessages();
        return new AdvisorCall(Model(config), config.MaxTokens, config.SystemPromptText, messages, Lifetime(config, messages, past))
        {
            Reading = config.SystemPrompt == Prompts.System ? null : Prompts.Reading,
        };
    }

    /// <summary>The call that summarises a window. It starts like a turn and has the instruction as its last block,
    /// so it reads what a turn has cached. Its length has nothing to do with that of replies: a summary that is cut is paid for nothing.
    /// </summary>
    public AdvisorCall Summary(ContextWindow window, string instruction, IReadOnlyList<PastCall> past)
    {
        var turn = Turn(window, past);
        var messages = turn.Messages.ToList();
        if (messages is [.., { Role: EntryRole.User } last])
            messages[^1] = last with { Blocks = [.. last.Blocks, instruction] };
        else
            messages.Add(new PromptMessage(EntryRole.User, [instruction]));
        // A character is a token at most, in nearly all that people write.
        var room = Math.Max(turn.MaxTokens, ThinkingTokens + settings.Current.Config.SummaryCharacters);
        return turn with { Messages = messages, MaxTokens = room };
    }

    private static string Model(RelayConfig config) => config.Advisor == AdvisorKind.Simulated ? "simulated" : config.Model;

    private CacheTtl Lifetime(RelayConfig config, IReadOnlyList<PromptMessage> messages, IReadOnlyList<PastCall> past)
    {
        if (config.CacheTtl != CacheTtl.Auto)
            return config.CacheTtl;
        var now = clock.GetUtcNow();
        var gaps = past.Select((call, index) => (index == 0 ? now : past[index - 1].StartedAt) - call.StartedAt).ToList();
        var prefix = past.Count > 0 ? past[0].InputTokens : messages.Sum(message => message.Blocks.Sum(block => block.Length)) / 4;
        var added = past.Count > 1 && past[0].InputTokens > past[1].InputTokens
            ? past[0].InputTokens - past[1].InputTokens
            : TypicalNewTokens;
        var rates = prices.Find(config.Model, now)?.RatesFor(prefix) ?? TypicalRates;
        return CacheLifetime.Choose(gaps, prefix, added, rates);
    }
}

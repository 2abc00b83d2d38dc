namespace Relay.Turns;

/// <summary>How many tokens a model takes. Source: the lineup page of 2026-10; models up to 4.5 take 200,000, later ones a million. A
/// refusal names the true number, and only it decides.</summary>
internal static class ModelContext
{
    private const long Small = 200_000, Large = 1_000_000;

    private static readonly string[] OfSmall =
        ["claude-3", "claude-opus-4-0", "claude-opus-4-1", "claude-opus-4-5", "claude-sonnet-4-0", "claude-sonnet-4-5", "claude-haiku-4"];

    public static long Of(string model) =>
        Array.Exists(OfSmall, prefix => model.StartsWith(prefix, StringComparison.Ordinal)) ? Small : Large;
}

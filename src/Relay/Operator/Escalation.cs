using System.Text.Json;
using Relay.Configuration;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>What the advisor offers with a question, and what is done when nobody answers.</summary>
/// <param name="Options">In their order.</param>
/// <param name="By">For how long the answer is waited for.</param>
/// <param name="Default">The key of the option that is taken then; null: none ever is.</param>
internal sealed record Escalation(IReadOnlyList<OptionLine> Options, TimeSpan? By, string? Default)
{
    public static readonly Escalation Plain = new([], By: null, Default: null);

    /// <summary>What is malformed does not count, and stays in the text.</summary>
    public static Escalation Parse(string text, string token)
    {
        if (EscalationToken.Find(text, token, int.MaxValue) is not { } found)
            return Plain;
        var options = OptionLines.Of(text[(found.Start + found.Length)..]);
        var by = found.By is null ? null : Duration.Parse(found.By);
        var option = by is null || found.Default is null ? null : Named(options, found.Default)?.Key;
        return new Escalation(options, by, option);
    }

    public static OptionLine? Named(IReadOnlyList<OptionLine> options, string key) =>
        options.FirstOrDefault(option => option.Key.Equals(key, StringComparison.OrdinalIgnoreCase));

    /// <summary>Which option an answer names: by its key, "a" or "(a)", by its text, or by both. Null where it is an answer in other words.
    /// </summary>
    public static OptionLine? ChosenBy(string answer, IReadOnlyList<OptionLine> options)
    {
        var said = answer.Trim();
        if (Named(options, said) is { } byKey)
            return byKey;
        foreach (var option in options)
            if (said.StartsWith($"({option.Key})", StringComparison.OrdinalIgnoreCase)
                && said[(option.Key.Length + 2)..].Trim() is var rest
                && (rest.Length == 0 || OptionLines.WithoutMark(rest) == option.Text))
                return option;
        var byText = options.Where(option => option.Text == OptionLines.WithoutMark(said)).ToList();
        return byText.Count == 1 ? byText[0] : null;
    }

    public string? OptionsJson() => Options.Count == 0 ? null : JsonSerializer.Serialize(Options);

    public static IReadOnlyList<OptionLine> OptionsIn(string? json) =>
        json is null ? [] : JsonSerializer.Deserialize<List<OptionLine>>(json) ?? [];
}

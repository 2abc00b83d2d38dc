namespace Relay.Agents.Hooks;

/// <summary>Finds a reply in a prompt that the client has made of it. The client may have changed blanks and what cannot be shown, or have
/// cut the end.</summary>
internal static class SameWords
{
    private const int Compared = 200;

    public static bool In(string prompt, string reply)
    {
        var words = Of(reply, Compared);
        return words.Length > 0 && Of(prompt, prompt.Length).Contains(words, StringComparison.Ordinal);
    }

    private static string Of(string text, int most) => new([.. text.Where(char.IsLetterOrDigit).Take(most)]);
}

namespace Relay.Agents.Connect;

/// <summary>Quotes one word for a POSIX shell, if it needs quotes.</summary>
internal static class ShellWord
{
    private const string Safe = "/._-:=+,";

    public static string Quote(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || Safe.Contains(c))
        ? word
        : "'" + word.Replace("'", @"'\''") + "'";

    /// <summary>What <see cref="Quote"/> has quoted.</summary>
    public static string Unquote(string word) => word.StartsWith('\'') ? word[1..^1].Replace(@"'\''", "'") : word;
}

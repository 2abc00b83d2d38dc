namespace Relay.Texts;

/// <summary>How the values of an enum are written in the database and on a screen: their names in lower case.</summary>
internal static class Words
{
    public static string Word<T>(this T value)
        where T : struct, Enum => Of<T>.Texts[value];

    public static T Parse<T>(string word)
        where T : struct, Enum => Of<T>.Values[word];

    private static class Of<T>
        where T : struct, Enum
    {
        public static readonly Dictionary<T, string> Texts =
            Enum.GetValues<T>().ToDictionary(value => value, value => value.ToString().ToLowerInvariant());
        public static readonly Dictionary<string, T> Values = Texts.ToDictionary(pair => pair.Value, pair => pair.Key);
    }
}

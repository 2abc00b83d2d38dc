namespace Relay.Configuration;

/// <summary>The built-in prompts. Their texts are the files in Configuration/Prompts.</summary>
internal static class Prompts
{
    /// <summary>Holds {operator} and {token} where the configured name and token belong.</summary>
    public static string System { get; } = Read("system.txt");

    /// <summary>What every advisor is told, whatever its system prompt.</summary>
    public static string Reading { get; } = Read("reading.txt");

    public static string Summarization { get; } = Read("summarization.txt");

    private static string Read(string file)
    {
        using var stream = typeof(Prompts).Assembly.GetManifestResourceStream($"Prompts/{file}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().TrimEnd('\n');
    }
}

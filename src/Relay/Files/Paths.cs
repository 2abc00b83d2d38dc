namespace Relay.Files;

/// <summary>Questions about paths, which no file is looked at for.</summary>
internal static class Paths
{
    /// <summary>Whether a path is this folder or in it. Both without links.</summary>
    public static bool IsWithin(string path, string folder) => Ended(path).StartsWith(Ended(folder), StringComparison.Ordinal);

    private static string Ended(string path) => Path.TrimEndingDirectorySeparator(path) + '/';
}

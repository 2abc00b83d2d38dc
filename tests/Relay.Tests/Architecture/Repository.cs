namespace Relay.Tests.Architecture;

/// <summary>The sources that these tests read.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Relay.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("run these tests from inside the repository");
        return folder;
    }
}

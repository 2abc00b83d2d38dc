using Relay.Configuration;

namespace Relay.Tests.Configuration;

/// <summary>The home folder of one test.</summary>
internal sealed class TempHome : IDisposable
{
    public static readonly IReadOnlyDictionary<string, string> NoEnvironment = new Dictionary<string, string>();

    public RelayHome Home { get; } = new(Directory.CreateTempSubdirectory("relay-configuration-").FullName);

    public string Root => Home.Root;

    public string Write(string name, string text) => Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] content)
    {
        var path = Path.Combine(Root, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

using System.Text.Json;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Configuration;

/// <summary>The projects that relay connect has connected, each without a link in its path. A session says itself in which folder it
/// works; what is started there is started only where somebody who may write to the home has said that sessions work there.</summary>
internal sealed class ConnectedFolders(RelayHome home)
{
    private string ListFile => Path.Combine(home.State, "connected.json");

    /// <summary>Empty where none was connected.</summary>
    public IReadOnlyList<string> All()
    {
        try
        {
            return BoundedFile.ReadState(ListFile).Found is { } bytes ? JsonSerializer.Deserialize<List<string>>(bytes) ?? [] : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    public void Add(string folder)
    {
        if (Posix.RealPath(folder) is not { } real || All() is var all && all.Contains(real))
            return;
        Folders.Make(home.State);
        DurableFile.Replace(ListFile, JsonSerializer.SerializeToUtf8Bytes(all.Append(real)));
    }

    public void Remove(string folder)
    {
        if (Posix.RealPath(folder) is { } real && All() is var all && all.Contains(real))
            DurableFile.Replace(ListFile, JsonSerializer.SerializeToUtf8Bytes(all.Where(each => each != real)));
    }
}

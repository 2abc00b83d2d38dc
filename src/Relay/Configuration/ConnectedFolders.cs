using System.Text.Json;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Configuration;

/// <summary>The projects that relay connect has connected, each without a link in its path. A session says itself in which folder it
/// works; what is started there is started only where somebody who may write to the home has said that sessions work there.</summary>
/// <param name="folder">Where the list is kept: the home's state, or for relays of other users a folder of this user's.</param>
internal sealed class ConnectedFolders(string folder)
{
    public ConnectedFolders(RelayHome home)
        : this(home.State)
    {
    }

    private string ListFile => Path.Combine(folder, "connected.json");

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

    public void Add(string project)
    {
        if (Posix.RealPath(project) is not { } real || All() is var all && all.Contains(real))
            return;
        Folders.Make(folder);
        DurableFile.Replace(ListFile, JsonSerializer.SerializeToUtf8Bytes(all.Append(real)));
    }

    public void Remove(string project)
    {
        if (Posix.RealPath(project) is { } real && All() is var all && all.Contains(real))
            DurableFile.Replace(ListFile, JsonSerializer.SerializeToUtf8Bytes(all.Where(each => each != real)));
    }

    /// <summary>Removes it, and those that are gone. True when it was the last, and the list is gone, too.</summary>
    public bool RemoveLast(string project)
    {
        if (Posix.RealPath(project) is not { } real || All() is var all && !all.Contains(real))
            return false;
        Remove(project);
        if (All().Any(Directory.Exists))
            return false;
        File.Delete(ListFile);
        return true;
    }
}

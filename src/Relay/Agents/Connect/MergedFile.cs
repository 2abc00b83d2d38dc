using System.Text.Json.Nodes;
using Relay.Files;

namespace Relay.Agents.Connect;

/// <summary>A JSON file of others that has entries of ours. The first original is kept as NAME.relay-backup, and is restored byte for byte
/// if nobody else has changed the file since.</summary>
/// <param name="folder">Out of which no link may lead.</param>
/// <param name="path">The file.</param>
/// <param name="removeOurs">Takes our entries out of its content, by what the original had; true when there were any.</param>
internal sealed class MergedFile(ForeignFolder folder, string path, Func<JsonObject, JsonObject?, bool> removeOurs)
{
    public const string BackupSuffix = ".relay-backup";

    private string Backup => path + BackupSuffix;

    public IEnumerable<PlannedFile> Connect(Action<JsonObject> add, UnixFileMode? mode = null)
    {
        var file = JsonFile.Read(folder, path);
        var original = Original();
        var root = (JsonObject?)file?.Root.DeepClone() ?? [];
        var hadOurEntries = removeOurs(root, original?.Root);
        add(root);
        if (file is null && original is not null)
            yield return new PlannedFile(Backup, null); // Somebody has removed the file, so its backup is out of date.
        if (file is not null && !hadOurEntries)
            yield return new PlannedFile(Backup, folder.Read(path)) { Mode = ModeOf(path) }; // The original.
        yield return new PlannedFile(path, (file ?? JsonFile.New).Render(root)) { Mode = mode };
    }

    public IEnumerable<PlannedFile> Disconnect()
    {
        var original = Original();
        if (JsonFile.Read(folder, path) is { } file)
        {
            var root = (JsonObject)file.Root.DeepClone();
            if (removeOurs(root, original?.Root))
                yield return new PlannedFile(path, Restored(file, root, original)) { Mode = ModeOf(Backup) };
        }
        if (original is not null)
            yield return new PlannedFile(Backup, null);
    }

    /// <summary>The bytes of the original if only our entries were added since; otherwise the file without them.
    /// Null when nothing is left of a file that we created.</summary>
    /// <param name="rest">The content of the file without our entries.</param>
    private byte[]? Restored(JsonFile file, JsonObject rest, JsonFile? original)
    {
        if (original is null)
            return rest.Count == 0 ? null : file.Render(rest);
        var asWeWroteIt = folder.Read(path).AsSpan().SequenceEqual(original.Render(file.Root));
        return asWeWroteIt && JsonNode.DeepEquals(rest, original.Root) ? folder.Read(Backup) : file.Render(rest);
    }

    private JsonFile? Original() => JsonFile.Read(folder, Backup);

    private static UnixFileMode? ModeOf(string path) => File.Exists(path) ? File.GetUnixFileMode(path) : null;
}

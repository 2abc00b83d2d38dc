using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Intake;

/// <summary>What lies in queue/ under the name of an envelope.</summary>
/// <param name="Queue">The folder.</param>
/// <param name="Files">The envelopes, in no order.</param>
/// <param name="Ignored">Links, FIFOs, sockets and folders: they are never opened.</param>
/// <param name="HasForeign">There are envelopes whose name is not UTF-8, which are not among the files.</param>
internal sealed record QueueContents(
    string Queue, List<(string Path, FileFacts Facts)> Files, List<string> Ignored, bool HasForeign)
{
    public const string Extension = ".json";

    /// <summary>Envelopes, whatever their names.</summary>
    public int Count => HasForeign ? Files.Count + ForeignNames.Count(Queue, Extension) : Files.Count;

    public static QueueContents Of(string queue)
    {
        var contents = new QueueContents(queue, [], [], HasForeign: false);
        try
        {
            foreach (var path in Directory.EnumerateFileSystemEntries(queue))
                if (!Path.GetFileName(path.AsSpan()).StartsWith(".") && path.EndsWith(Extension, StringComparison.Ordinal))
                    contents = contents.With(path);
            return contents;
        }
        catch (DirectoryNotFoundException) // Somebody has removed the folder. The next pass creates it again.
        {
            return contents;
        }
    }

    /// <summary>The oldest first.</summary>
    public List<(string Path, FileFacts Facts)> InOrder() =>
        [.. Files.OrderBy(file => file.Facts.ModifiedNanoseconds).ThenBy(file => file.Path, StringComparer.Ordinal)];

    private QueueContents With(string path)
    {
        switch (ForeignNames.IsTooLong(path) ? null : Posix.Lstat(path))
        {
            case { Kind: FileKind.Regular } facts:
                Files.Add((path, facts));
                return this;
            case { }:
                Ignored.Add(path);
                return this;
            default: // Gone meanwhile, or not to be reached by the name that .NET shows.
                return HasForeign || !ForeignNames.IsOne(path) ? this : this with { HasForeign = true };
        }
    }
}

namespace Relay.Configuration;

/// <summary>The modification times and sizes of some files, to see whether one of them changed.</summary>
internal sealed class FileStamps
{
    private readonly IReadOnlyList<Stamp> _stamps;

    private FileStamps(IReadOnlyList<Stamp> stamps) => _stamps = stamps;

    public static FileStamps None { get; } = new([]);

    /// <summary>New stamps of the same files.</summary>
    public FileStamps Now() => None.For([.. _stamps.Select(stamp => stamp.Path)]);

    /// <summary>Stamps of these files: the known ones are kept, the others are taken now.</summary>
    public FileStamps For(IReadOnlyList<string> paths) =>
        new([.. paths.Select(Of)]);

    /// <summary>Adds one file: with its stamp in <paramref name="earlier"/>, or a new stamp if it has none there.</summary>
    public FileStamps With(string? path, FileStamps earlier) => path is null ? this : new([.. _stamps, earlier.Of(path)]);

    public bool SameAs(FileStamps? other) => other is not null && _stamps.SequenceEqual(other._stamps);

    /// <summary>Whether a file that had content is now empty or gone.</summary>
    public bool EmptiedSince(FileStamps earlier) =>
        earlier._stamps.Zip(_stamps).Any(pair => pair.First.Size > 0 && pair.Second.Size == 0);

    private Stamp Of(string path) => _stamps.FirstOrDefault(stamp => stamp.Path == path) ?? Take(path);

    private static Stamp Take(string path)
    {
        try
        {
            var file = new FileInfo(LinkTarget.Of(path)); // A symbolic link has times of its own, which do not change with its target.
            return file.Exists ? new Stamp(path, file.LastWriteTimeUtc, file.Length) : new Stamp(path, default, 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new Stamp(path, default, -1);
        }
    }

    private sealed record Stamp(string Path, DateTime Written, long Size);
}

using Relay.Storage;

namespace Relay.Configuration;

/// <summary>Modification time and size of some files, to see whether one of them changed.</summary>
internal sealed class FileStamps
{
    private readonly IReadOnlyList<Stamp> _stamps;

    private FileStamps(IReadOnlyList<Stamp> stamps) => _stamps = stamps;

    public static FileStamps None { get; } = new([]);

    /// <summary>The stamps of the same files as they are now.</summary>
    public FileStamps Now() => None.For([.. _stamps.Select(stamp => stamp.Path)]);

    /// <summary>Stamps of these files: the known ones as they were, the others as they are now.</summary>
    public FileStamps For(IReadOnlyList<string> paths) =>
        new([.. paths.Select(Of)]);

    /// <summary>One file more, as it was in <paramref name="earlier"/> if that knows it.</summary>
    public FileStamps With(string? path, FileStamps earlier) => path is null ? this : new([.. _stamps, earlier.Of(path)]);

    public bool SameAs(FileStamps? other) => other is not null && _stamps.SequenceEqual(other._stamps);

    /// <summary>Whether a file that held something is now empty or gone.</summary>
    public bool EmptiedSince(FileStamps earlier) =>
        earlier._stamps.Zip(_stamps).Any(pair => pair.First.Size > 0 && pair.Second.Size == 0);

    private Stamp Of(string path) => _stamps.FirstOrDefault(stamp => stamp.Path == path) ?? Take(path);

    private static Stamp Take(string path)
    {
        try
        {
            var file = new FileInfo(LinkTarget.Of(path)); // The times of a symbolic link are its own, not those of its target.
            return file.Exists ? new Stamp(path, file.LastWriteTimeUtc, file.Length) : new Stamp(path, default, 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new Stamp(path, default, -1);
        }
    }

    private sealed record Stamp(string Path, DateTime Written, long Size);
}

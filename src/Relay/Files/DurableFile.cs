using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Writes files completely or not at all, so that they survive a power cut.</summary>
internal static class DurableFile
{
    /// <summary>(1) temporary file, (2) fsync, (3) rename over the target, (4) fsync of the folder.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".tmp";
        Folders.CheckFree(path);
        Write(temporary, content);
        File.Move(temporary, path, overwrite: true);
        Posix.SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Writes and syncs the file. The caller syncs the folder.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        Folders.CheckFree(path);
        using var handle = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.Read, FileOptions.None, content.Length);
        RandomAccess.Write(handle, content, fileOffset: 0);
        Posix.SyncFile(handle);
    }
}

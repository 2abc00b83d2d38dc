using System.Buffers.Binary;
using System.Globalization;
using Relay.Files.Platform;

namespace Relay.Storage.Sqlite;

/// <summary>What can be told of a database's file before SQLite opens it. SQLite would make a missing or an empty one anew, and start
/// without the part of its log that it cannot read, without a word. The format: https://www.sqlite.org/fileformat2.html.</summary>
internal static class DatabaseFile
{
    private const int HeaderSize = 100;

    /// <param name="IsThere">There is something in the file.</param>
    /// <param name="Fault">Why it is not a whole database; null when it looks like one.</param>
    public sealed record Look(bool IsThere, string? Fault);

    /// <summary>Not in a process that has the database open: to close the file again would end SQLite's locks on it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isInUse">Another process may be writing: only what can be told of such a file.</param>
    public static Look At(string path, bool isInUse)
    {
        var log = new FileInfo(LogOf(path));
        var hasLog = log.Exists && log.Length > 0;
        if (Posix.Lstat(path) is not { } facts)
            return new Look(hasLog, hasLog ? $"{path} is missing, and its log {log.Name} is there" : $"{path} is missing");
        if (facts.Kind != FileKind.Regular)
            return new Look(IsThere: true, $"{path} is no file");
        if (facts.Size == 0)
            return new Look(hasLog, hasLog ? $"{path} is empty (0 bytes), and its log {log.Name} is not" : $"{path} is empty (0 bytes)");
        return new Look(IsThere: true, FaultOf(path, isInUse || hasLog) ?? (isInUse || !hasLog ? null : DatabaseLog.FaultOf(log.FullName)));
    }

    public static string LogOf(string path) => path + "-wal";

    /// <summary>With a log beside it, its size says nothing: what is missing may be in there.</summary>
    private static string? FaultOf(string path, bool mayBeShort)
    {
        var header = new byte[HeaderSize];
        using var file = Posix.OpenRegular(path) ?? throw new IOException($"{path} is no file");
        var length = RandomAccess.GetLength(file);
        if (RandomAccess.Read(file, header, fileOffset: 0) < HeaderSize || !header.AsSpan().StartsWith("SQLite format 3\0"u8))
            return $"{path} is no database of SQLite";
        var pageSize = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(16)) is var told and not 1 ? told : 65_536L;
        var pages = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(28));
        return mayBeShort || length >= pages * pageSize
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{path} is cut off: {length:N0} of {pages * pageSize:N0} bytes are there");
    }
}

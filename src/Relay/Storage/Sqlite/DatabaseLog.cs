using System.Buffers.Binary;
using Relay.Files.Platform;

namespace Relay.Storage.Sqlite;

/// <summary>The write-ahead log of a database that was not closed in order. SQLite reads it up to the first frame that is not whole and
/// forgets the rest, which after a power cut is right: what was not synced was not promised. Commits behind such a frame were promised, for
/// each is synced before the next begins.</summary>
internal static class DatabaseLog
{
    private const int HeaderSize = 32, FrameHeaderSize = 24;
    private const uint Magic = 0x377f0682; // The lowest bit: big-endian checksums.

    /// <summary>Of one transaction, frames may have reached the disk in any order when the power was cut.</summary>
    private const int CommitsNotPromised = 1;

    /// <summary>Null when all that was promised can be read.</summary>
    public static string? FaultOf(string path)
    {
        using var handle = Posix.OpenRegular(path) ?? throw new IOException($"{path} is no file");
        using var file = new FileStream(handle, FileAccess.Read);
        var header = new byte[HeaderSize];
        if (file.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize || header.AsSpan().IndexOfAnyExcept((byte)0) < 0)
            return null; // Not begun.
        var isBig = (Word(header, 0) & 1) == 1;
        var sums = Sum((0, 0), header.AsSpan(0, 24), isBig);
        var pageSize = (int)Word(header, 8);
        if ((Word(header, 0) & ~1u) != Magic || sums != (Word(header, 24), Word(header, 28)) || pageSize is < 512 or > 65_536)
            return $"{path} is damaged: its head is not what was written";
        var lost = LostCommits(file, header, pageSize, isBig);
        return lost <= CommitsNotPromised ? null : $"{path} is damaged: {lost} commits in it cannot be read";
    }

    /// <summary>How many commits of this log come after the first frame that is not whole. Frames with other salts are of an older
    /// one.</summary>
    private static int LostCommits(FileStream file, byte[] header, int pageSize, bool isBig)
    {
        var frame = new byte[FrameHeaderSize + pageSize];
        var sums = (Word(header, 24), Word(header, 28));
        var (isWhole, lost) = (true, 0);
        while (file.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) == frame.Length)
        {
            var isOurs = frame.AsSpan(8, 8).SequenceEqual(header.AsSpan(16, 8));
            if (isWhole)
            {
                sums = Sum(Sum(sums, frame.AsSpan(0, 8), isBig), frame.AsSpan(FrameHeaderSize), isBig);
                isWhole = isOurs && sums == (Word(frame, 16), Word(frame, 20));
            }
            if (!isWhole && isOurs && Word(frame, 4) != 0) // The size of the database after it: a commit.
                lost++;
        }
        return lost;
    }

    private static uint Word(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));

    private static (uint, uint) Sum((uint One, uint Two) sums, ReadOnlySpan<byte> bytes, bool isBig)
    {
        var (one, two) = sums;
        for (var at = 0; at < bytes.Length; at += 8)
        {
            one += Next(bytes[at..]) + two;
            two += Next(bytes[(at + 4)..]) + one;
        }
        return (one, two);

        uint Next(ReadOnlySpan<byte> at) =>
            isBig ? BinaryPrimitives.ReadUInt32BigEndian(at) : BinaryPrimitives.ReadUInt32LittleEndian(at);
    }
}

using System.Buffers.Binary;
using Microsoft.Data.Sqlite;

namespace Relay.Bench;

/// <summary>What is appended to a SQLite database's WAL from now on, read from its frames. A read transaction of our own is held open, so
/// that the log is started over at most once, right at the beginning, and nothing in it is written over after that.</summary>
internal sealed class WriteAheadLog : IDisposable
{
    private const int HeaderBytes = 32, FrameHeaderBytes = 24;
    private readonly SqliteConnection _reading;
    private readonly string _file;
    private readonly (ulong Salts, List<Frame> Frames) _before;

    public WriteAheadLog(string database)
    {
        _file = database + "-wal";
        _reading = new SqliteConnection($"Data Source={database};Mode=ReadOnly;Pooling=False");
        _reading.Open();
        using var command = _reading.CreateCommand();
        command.CommandText = "BEGIN; SELECT COUNT(*) FROM sqlite_schema";
        command.ExecuteScalar();
        _before = Read();
    }

    /// <summary>A page as a commit wrote it; the last one of a commit says so.</summary>
    internal sealed record Frame(uint Page, bool EndsCommit);

    public List<Frame> Appended()
    {
        var (salts, frames) = Read();
        return salts == _before.Salts ? frames[_before.Frames.Count..] : frames;
    }

    public void Dispose() => _reading.Dispose();

    /// <summary>The frames that count: those with the header's salts. What follows them is left from before the log was started
    /// over.</summary>
    private (ulong Salts, List<Frame> Frames) Read()
    {
        var bytes = ReadShared();
        var frames = new List<Frame>();
        if (bytes.Length < HeaderBytes)
            return (0, frames);
        var pageSize = (int)BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(8));
        var salts = BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(16));
        for (var at = HeaderBytes; at + FrameHeaderBytes + pageSize <= bytes.Length; at += FrameHeaderBytes + pageSize)
        {
            var header = bytes.AsSpan(at, FrameHeaderBytes);
            if (BinaryPrimitives.ReadUInt64BigEndian(header[8..]) != salts)
                break;
            frames.Add(new Frame(BinaryPrimitives.ReadUInt32BigEndian(header), BinaryPrimitives.ReadUInt32BigEndian(header[4..]) != 0));
        }
        return (salts, frames);
    }

    private byte[] ReadShared()
    {
        using var file = new FileStream(_file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }
}

using Microsoft.Data.Sqlite;
using Relay.Storage.Sqlite;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>A log that lost what was promised is told from one that only lacks what was not.</summary>
public sealed class DatabaseLogTests : IDisposable
{
    private const int Header = 32, Frame = 24 + 4096;

    private readonly string _folder = Directory.CreateTempSubdirectory("relay-log-").FullName;

    private string File => Path.Combine(_folder, "copy.db");

    private string Log => File + "-wal";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_whole_one_is_sound() => Assert.Null(Make(commits: 5));

    [Theory]
    [InlineData(0, "5 commits in it cannot be read")]
    [InlineData(2, "3 commits in it cannot be read")]
    [InlineData(4, null)] // What the power cut short was not promised.
    public void A_frame_that_is_not_what_was_written_hides_the_commits_from_it_on(int frame, string? fault)
    {
        Make(commits: 5);
        Change(bytes => bytes[Header + (frame * Frame) + 1_000] ^= 0xff);

        Check(fault);
    }

    [Fact]
    public void A_torn_end_was_not_promised()
    {
        Make(commits: 5);
        Change(bytes => bytes.AsSpan(Header + (4 * Frame) + 100).Clear());

        Check(fault: null);
    }

    [Fact]
    public void A_head_that_is_not_what_was_written_hides_all()
    {
        Make(commits: 5);
        Change(bytes => bytes[20] ^= 0xff);

        Check("its head is not what was written");
    }

    [Fact]
    public void One_that_was_not_begun_holds_nothing()
    {
        Make(commits: 5);
        Change(bytes => bytes.AsSpan().Clear());

        Check(fault: null);
    }

    [Fact]
    public void Frames_of_an_older_log_behind_its_end_are_none_of_it()
    {
        Make(commits: 5, thenAfterCheckpoint: 2);

        Check(fault: null);
    }

    private void Check(string? fault)
    {
        var look = DatabaseFile.At(File, isInUse: false);

        if (fault is null)
            Assert.Null(look.Fault);
        else
            Assert.EndsWith(fault, look.Fault, StringComparison.Ordinal);
    }

    private void Change(Action<byte[]> change)
    {
        var bytes = System.IO.File.ReadAllBytes(Log);
        change(bytes);
        System.IO.File.WriteAllBytes(Log, bytes);
    }

    /// <summary>Copies as a killed process leaves them. Each commit is one page.</summary>
    private string? Make(int commits, int thenAfterCheckpoint = 0)
    {
        var original = Path.Combine(_folder, "original.db");
        using var connection = new SqliteConnection($"Data Source={original};Pooling=False");
        connection.Open();
        Run(connection, "PRAGMA journal_mode = WAL");
        Run(connection, "CREATE TABLE numbers (number INTEGER PRIMARY KEY)");
        Run(connection, "INSERT INTO numbers VALUES (0)");
        Run(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        for (var commit = 1; commit <= commits; commit++)
            Run(connection, "UPDATE numbers SET number = number + 1");
        if (thenAfterCheckpoint > 0)
            Run(connection, "PRAGMA wal_checkpoint(RESTART)");
        for (var commit = 1; commit <= thenAfterCheckpoint; commit++)
            Run(connection, "UPDATE numbers SET number = number + 1");
        System.IO.File.Copy(original, File);
        System.IO.File.Copy(original + "-wal", Log);
        Assert.Equal(Header + (commits * Frame), new FileInfo(Log).Length);
        return DatabaseFile.At(File, isInUse: false).Fault;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

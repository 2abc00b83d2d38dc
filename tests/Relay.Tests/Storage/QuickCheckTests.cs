using Microsoft.Data.Sqlite;
using Relay.Storage.Sqlite;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>The look through a database ends when it is told to, whatever its size.</summary>
public sealed class QuickCheckTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("relay-check-").FullName;

    private string File => Path.Combine(_folder, "large.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_is_bounded_and_goes_to_the_end_where_there_is_time()
    {
        using var connection = Make();

        var brief = QuickCheck.Run(connection, TimeSpan.Zero);
        var whole = QuickCheck.Run(connection, TimeSpan.FromMinutes(1));

        Assert.Equal((null, false), (brief.Fault, brief.IsWhole));
        Assert.Equal((null, true), (whole.Fault, whole.IsWhole));
    }

    [Fact]
    public void A_damaged_page_is_found()
    {
        Make().Dispose();
        SpoiltDatabase.Scramble(File);
        using var connection = Open();

        Assert.NotNull(QuickCheck.Run(connection, TimeSpan.FromMinutes(1)).Fault);
    }

    private SqliteConnection Make()
    {
        var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            CREATE TABLE numbers (number INTEGER PRIMARY KEY, words TEXT);
            WITH RECURSIVE n (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n WHERE number < 50000)
            INSERT INTO numbers SELECT number, hex(randomblob(100)) FROM n
            """;
        command.ExecuteNonQuery();
        return connection;
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        return connection;
    }
}

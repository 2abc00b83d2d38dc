using Relay.Storage.Postgres;
using Xunit;

namespace Relay.Tests.Testing;

/// <summary>The PostgreSQL server that RELAY_TEST_POSTGRES names; ./build test starts one.
/// Where there is none, the test is skipped and says so.</summary>
internal static class TestServer
{
    private const string Variable = "RELAY_TEST_POSTGRES";

    /// <summary>A schema for one test: a hundred times faster made than a database, and as much apart.</summary>
    public static async Task<Uri> CreateSchemaAsync()
    {
        var name = NewName();
        await RunAsync($"CREATE SCHEMA {name}");
        return new UriBuilder(Server()) { Query = $"search_path={name}" }.Uri;
    }

    public static Task DropSchemaAsync(Uri url) => RunAsync($"DROP SCHEMA IF EXISTS {url.Query.Split('=')[1]} CASCADE");

    /// <summary>For a test that changes settings of the whole database.</summary>
    public static async Task<Uri> CreateDatabaseAsync()
    {
        var name = NewName();
        await RunAsync($"CREATE DATABASE {name}");
        return new UriBuilder(Server()) { Path = name }.Uri;
    }

    public static Task DropDatabaseAsync(Uri url) => RunAsync($"DROP DATABASE {url.AbsolutePath[1..]} WITH (FORCE)");

    /// <summary>As an administrator would, on a connection of its own and in a database of its own.</summary>
    public static Task RunAsync(string sql) => RunAsync(Server(), sql);

    /// <summary>The same in the database of a test.</summary>
    public static async Task RunAsync(Uri url, string sql)
    {
        await using var source = new PostgresAddress(url).Single();
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private static string NewName() => $"test_{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}";

    private static Uri Server()
    {
        var url = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(url), $"{Variable} is not set: ./build test starts a PostgreSQL server and sets it");
        return new Uri(url!);
    }
}

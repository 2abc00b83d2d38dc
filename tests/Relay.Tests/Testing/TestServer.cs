using Npgsql;
using Relay.Storage.Postgres;
using Xunit;

namespace Relay.Tests.Testing;

/// <summary>The PostgreSQL server that RELAY_TEST_POSTGRES names; ./build test starts one. A test gets a database of its own there.</summary>
internal static class TestServer
{
    private const string Variable = "RELAY_TEST_POSTGRES";

    /// <summary>Its address. Skips the test where there is no server.</summary>
    public static async Task<Uri> CreateDatabaseAsync()
    {
        var name = $"relay_test_{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}";
        await RunAsync($"CREATE DATABASE {name}");
        return new UriBuilder(Server()) { Path = name }.Uri;
    }

    public static Task DropDatabaseAsync(Uri database) => RunAsync($"DROP DATABASE IF EXISTS {database.AbsolutePath[1..]} WITH (FORCE)");

    /// <summary>As an administrator of the server would.</summary>
    public static Task RunAsync(string sql) => RunAsync(Server(), sql);

    public static async Task RunAsync(Uri database, string sql)
    {
        await using var source = new PostgresAddress(database).Single();
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private static Uri Server()
    {
        var url = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(url), $"{Variable} is not set: ./build test starts a PostgreSQL server and sets it");
        return new Uri(url!);
    }
}

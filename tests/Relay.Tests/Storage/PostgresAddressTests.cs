using Npgsql;
using Relay.Storage.Postgres;
using Xunit;

namespace Relay.Tests.Storage;

public sealed class PostgresAddressTests
{
    [Fact]
    public void Every_part_of_the_address_is_decoded_and_its_settings_are_the_drivers_or_libpqs()
    {
        var settings = Settings("postgres://j%40c:p%3Ass%2F@[::1]:6543/my%20relay?sslmode=require&search_path=relay&Command%20Timeout=7");

        Assert.Equal(("::1", 6543, "my relay"), (settings.Host!.Trim('[', ']'), settings.Port, settings.Database));
        Assert.Equal(("j@c", SslMode.Require), (settings.Username, settings.SslMode));
        Assert.Equal(("relay", 7), (settings.SearchPath, settings.CommandTimeout));
    }

    [Fact]
    public void What_is_not_said_is_as_usual_and_the_server_is_not_waited_for_without_end()
    {
        var settings = Settings("postgresql://db.example/relay");

        Assert.Equal(("db.example", 5432, null), (settings.Host, settings.Port, settings.Username));
        Assert.InRange(settings.Timeout, 1, 5);
        Assert.InRange(settings.CommandTimeout, 1, 30);
    }

    [Fact]
    public void For_people_it_has_neither_user_nor_password() =>
        Assert.Equal("relay at db.example:5432", new PostgresAddress(new Uri("postgres://jc:secret@db.example/relay")).ToString());

    private static NpgsqlConnectionStringBuilder Settings(string url)
    {
        using var source = new PostgresAddress(new Uri(url)).Single();
        return new NpgsqlConnectionStringBuilder(source.ConnectionString);
    }
}

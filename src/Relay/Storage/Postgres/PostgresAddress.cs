using System.Globalization;
using Npgsql;

namespace Relay.Storage.Postgres;

/// <summary>RELAY_DATABASE_URL as the driver takes it. What stands after the question mark goes to the driver under its own names, and
/// under those of libpq where they differ: postgres://relay:PASSWORD@db.example:5432/relay?sslmode=require</summary>
internal sealed class PostgresAddress
{
    private const int DefaultPort = 5432;

    /// <summary>In seconds: a statement that takes longer counts as a server that does not answer.</summary>
    private const int LongestStatement = 20;

    /// <summary>In seconds.</summary>
    private const int LongestConnecting = 5;

    /// <summary>In milliseconds: how long a server may take to end a statement when it is told to.
    /// Then the connection is given up.</summary>
    private const int LongestCancelling = 500;

    private static readonly Dictionary<string, string> Libpq = new()
    {
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["connect_timeout"] = "Timeout",
        ["search_path"] = "Search Path",
        ["gssencmode"] = "GSS Encryption Mode",
    };

    private readonly NpgsqlConnectionStringBuilder _settings;

    /// <exception cref="InvalidDataException">It names a setting that there is not.</exception>
    public PostgresAddress(Uri url)
    {
        var user = url.UserInfo.Split(':', 2);
        _settings = new NpgsqlConnectionStringBuilder
        {
            Host = url.IdnHost,
            Port = url.Port > 0 ? url.Port : DefaultPort,
            Database = Uri.UnescapeDataString(url.AbsolutePath[1..]),
            Username = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null,
            Password = user is [_, var password] ? Uri.UnescapeDataString(password) : null,
            ApplicationName = string.Create(
                CultureInfo.InvariantCulture, $"relay on {Environment.MachineName}, process {Environment.ProcessId}"),
            CommandTimeout = LongestStatement,
            Timeout = LongestConnecting,
            CancellationTimeout = LongestCancelling,
            GssEncryptionMode = GssEncryptionMode.Disable, // Asked for, it costs a start a look for Kerberos.
            MaxAutoPrepare = 200, // The texts are constants of the program.
            NoResetOnClose = true, // No state is left in a connection: each transaction is ended before it goes back.
        };
        foreach (var setting in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
            Set(setting.Split('=', 2));
    }

    /// <summary>For people: without the user and the password.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{_settings.Database} at {_settings.Host}:{_settings.Port}");

    /// <summary>For the connections of which there is one: to write, to listen.
    /// The driver asks now and then whether the server is still there.</summary>
    public NpgsqlDataSource Single() => Build(settings =>
    {
        settings.Pooling = false;
        settings.KeepAlive = 10; // In seconds.
    });

    /// <summary>For those that read, several at a time.</summary>
    public NpgsqlDataSource Pool(int most) => Build(settings => settings.MaxPoolSize = most);

    private NpgsqlDataSource Build(Action<NpgsqlConnectionStringBuilder> adjust)
    {
        var settings = new NpgsqlConnectionStringBuilder(_settings.ConnectionString);
        adjust(settings);
        return new NpgsqlSlimDataSourceBuilder(settings.ConnectionString).EnableTransportSecurity().Build();
    }

    private void Set(string[] setting)
    {
        var name = Uri.UnescapeDataString(setting[0]);
        try
        {
            _settings[Libpq.GetValueOrDefault(name, name)] = Uri.UnescapeDataString(setting.ElementAtOrDefault(1) ?? "");
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or NotSupportedException)
        {
            throw new InvalidDataException($"RELAY_DATABASE_URL: the driver does not know {name}, or not with this value", exception);
        }
    }
}

using Relay.Loopback;
using Relay.Storage;

namespace Relay.Tests.Testing;

/// <summary>What a test's relay keeps its truth in. RELAY_TEST_STORE=postgres takes every relay of every test to the server, so that each
/// statement of the program runs there.</summary>
internal sealed class TestStore : IAsyncDisposable
{
    private static readonly bool IsServerDefault = Environment.GetEnvironmentVariable("RELAY_TEST_STORE") == "postgres";

    private readonly Uri? _url;
    private readonly DatabaseProxy? _proxy;

    private TestStore(Uri? url, DatabaseProxy? proxy)
    {
        _url = url;
        _proxy = proxy;
    }

    /// <summary>On the line to the server, where the test asked for one.</summary>
    public DatabaseProxy Proxy => _proxy!;

    /// <summary>Lines of config.yaml.</summary>
    public string Config => _url is null ? "" : "store: postgres\n";

    /// <param name="kind">A dialect's name; null is the default of the run.</param>
    public static async Task<TestStore> CreateAsync(string? kind = null) =>
        new(kind == SqlDialect.Postgres.Name || (kind is null && IsServerDefault)
            ? await TestServer.CreateSchemaAsync()
            : null, proxy: null);

    public static async Task<TestStore> BehindProxyAsync()
    {
        var url = await TestServer.CreateSchemaAsync();
        return new TestStore(url, new DatabaseProxy(url));
    }

    public void AddTo(IDictionary<string, string> environment)
    {
        if (_url is not null)
            environment["RELAY_DATABASE_URL"] = (_proxy?.Url ?? _url).ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await (_proxy?.DisposeAsync() ?? default);
        if (_url is not null)
            await TestServer.DropSchemaAsync(_url);
    }
}

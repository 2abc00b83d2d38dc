using Relay.Tests.Testing;
using Xunit;

namespace Relay.Scenarios.Crash;

public sealed class CrashOnPostgresScenario(ITestOutputHelper output) : KilledAtEveryStep(output), IAsyncDisposable
{
    private Uri? _database;

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
            await TestServer.DropSchemaAsync(_database);
    }

    protected override async Task<Uri?> MakeDatabaseAsync() => _database = await TestServer.CreateSchemaAsync();
}

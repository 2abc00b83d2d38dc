using Xunit;

namespace Relay.Scenarios.Crash;

public sealed class CrashScenario(ITestOutputHelper output) : KilledAtEveryStep(output)
{
    protected override Task<Uri?> MakeDatabaseAsync() => Task.FromResult<Uri?>(null);
}

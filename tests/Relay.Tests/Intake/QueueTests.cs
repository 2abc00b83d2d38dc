using System.Text;
using Relay.Conversations;
using Relay.Intake;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Intake;

/// <summary>Writes files into the queue folder of a relay and lets it scan the folder.</summary>
public abstract class QueueTests : IAsyncLifetime
{
    private protected TempRelay _relay = null!;

    private protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    private protected Task<int> ScanAsync() => _relay.RunAsync<QueueFolder>();

    private protected async Task ScanSettledAsync()
    {
        await ScanAsync();
        _relay.Clock.Advance(TimeSpan.FromSeconds(2.1));
        await ScanAsync();
    }

    private protected Task<List<Message>> MessagesAsync() => _relay.MessagesAsync();

    private protected string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    private protected string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_relay.Home.Queue, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private protected static string Touch(string path, int second)
    {
        File.SetLastWriteTimeUtc(path, new DateTime(2026, 7, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(second));
        return path;
    }

    private protected string Rejected(string name) => Path.Combine(_relay.Home.Rejected, name);

    private protected string Reason(string name) => File.ReadAllText(Rejected(name + ".reason.txt"));
}

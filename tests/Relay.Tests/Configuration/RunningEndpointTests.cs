using System.Globalization;
using Relay.Configuration;
using Relay.Files;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Configuration;

public sealed class RunningEndpointTests : IDisposable
{
    private const string Url = "http://127.0.0.1:7";

    private readonly TempHome _temp = new();

    public RunningEndpointTests() => _temp.Home.CreateFolders();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task It_counts_while_its_process_holds_the_home_and_no_longer()
    {
        Claim(Environment.ProcessId);
        var before = RunningEndpoint.Of(_temp.Home);

        using (await TakeAsync())
            Assert.Equal(Url, RunningEndpoint.Of(_temp.Home));

        Assert.Null(before); // The process is alive and ours, but not of this home.
        Assert.Null(RunningEndpoint.Of(_temp.Home));
    }

    [Fact]
    public async Task One_that_names_another_process_or_no_address_is_a_lie()
    {
        using var mine = await TakeAsync();

        Claim(1);
        Assert.Null(RunningEndpoint.Of(_temp.Home));
        var noAddress = $$"""{"url":"nonsense","pid":{{Environment.ProcessId}}}""";
        foreach (var text in (string[])["", "{}", "[]", """{"url":7,"pid":1}""", noAddress])
        {
            File.WriteAllText(_temp.Home.EndpointFile, text);
            Assert.Null(RunningEndpoint.Of(_temp.Home));
        }
    }

    [Fact]
    public async Task A_link_a_pipe_and_another_user_s_file_say_nothing()
    {
        using var mine = await TakeAsync();
        var elsewhere = Path.Combine(_temp.Root, "elsewhere.json");
        Claim(Environment.ProcessId);
        File.Move(_temp.Home.EndpointFile, elsewhere);

        File.CreateSymbolicLink(_temp.Home.EndpointFile, elsewhere);
        Assert.Null(RunningEndpoint.Of(_temp.Home));
        File.Delete(_temp.Home.EndpointFile);
        Unix.Fifo(_temp.Home.EndpointFile);
        Assert.Null(RunningEndpoint.Of(_temp.Home));
        File.Delete(_temp.Home.EndpointFile);
        File.Move(elsewhere, _temp.Home.EndpointFile);
        Assert.Equal(Url, RunningEndpoint.Of(_temp.Home));
        Unix.Give(_temp.Home.EndpointFile, 4242);
        Assert.Null(RunningEndpoint.Of(_temp.Home));
    }

    private void Claim(int process) => File.WriteAllText(
        _temp.Home.EndpointFile, string.Create(CultureInfo.InvariantCulture, $$"""{"url":"{{Url}}","pid":{{process}}}"""));

    private async Task<InstanceLock> TakeAsync() => Assert.IsType<InstanceLock.Taken.Mine>(
        await InstanceLock.TakeAsync(_temp.Home.LockFile, TimeProvider.System, TestContext.Current.CancellationToken)).Lock;
}

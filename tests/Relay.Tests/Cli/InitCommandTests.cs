using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class InitCommandTests : IAsyncDisposable
{
    private readonly CliHome _relay = new(config: "");

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task A_new_home_gets_settings_secrets_for_its_owner_alone_and_folders()
    {
        var ran = await _relay.RunAsync("init");

        Assert.Equal(0, ran.Exit);
        Assert.Equal(ConfigTemplate.Config, File.ReadAllText(_relay.Home.ConfigFile));
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(ownerOnly, File.GetUnixFileMode(_relay.Home.EnvFile));
        Assert.True(Directory.Exists(_relay.Home.Queue));
        Assert.Contains($"made       {_relay.Home.EnvFile}", ran.Output);
    }

    [Fact]
    public async Task The_topic_is_there_to_subscribe_to_at_once()
    {
        await _relay.RunAsync("init");

        var topic = (await _relay.RunAsync("topic", "--json")).Json;

        Assert.Equal($"http://127.0.0.1:9/{topic.GetProperty("topic")}", topic.GetProperty("address").GetString());
    }

    [Fact]
    public async Task What_was_there_stays_to_the_byte()
    {
        _relay.Home.CreateFolders();
        File.WriteAllText(_relay.Home.ConfigFile, "max_tokens: 99");
        File.WriteAllText(_relay.Home.EnvFile, "# mine");

        var ran = await _relay.RunAsync("init", "--json");

        Assert.Equal("max_tokens: 99", File.ReadAllText(_relay.Home.ConfigFile));
        Assert.Equal("# mine", File.ReadAllText(_relay.Home.EnvFile));
        Assert.Equal(0, ran.Json.GetProperty("made").GetArrayLength());
    }

    [Fact]
    public async Task Without_a_topic_there_is_nothing_to_print()
    {
        var ran = await _relay.RunAsync("topic", "--json");

        Assert.Equal((1, ""), (ran.Exit, ran.Output));
    }
}

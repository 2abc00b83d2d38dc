using Relay.Configuration;
using Relay.Running;
using Relay.Tests.Testing;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Configuration;

/// <summary>The running relay keeps the settings it has until a whole, valid file stands still.</summary>
public sealed class SettingsWatchTests : IAsyncLifetime
{
    private const string Full = "model: one\nsystem_prompt: be kind\nbudget: {per_day_usd: 1}\naccept_unknown_sessions: false\n";
    private TempRelay _relay = null!;
    private string _written = "";
    private DateTime _time = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _relay = await TempRelay.CreateAsync(Full);
        _written = await File.ReadAllTextAsync(_relay.Home.ConfigFile, CancellationToken);
        await WatchAsync(TimeSpan.FromSeconds(5));
    }

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("model: one\n")]
    [InlineData("model: on")]
    [InlineData("model: one\nbudget: {per_day")]
    [InlineData("# saved by an editor\n")]
    public async Task What_a_file_is_for_two_seconds_is_never_taken(string? left)
    {
        var before = _relay.Settings.Current;
        Save(left);
        await WatchAsync(TimeSpan.FromSeconds(2));
        Assert.Same(before, _relay.Settings.Current);

        Save(_written);
        await WatchAsync(TimeSpan.FromSeconds(10));

        Assert.Same(before, _relay.Settings.Current);
        Assert.Empty(_relay.Get<Faults>().Standing);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("model: [")]
    [InlineData("modle: two\n")]
    [InlineData("# saving the file\n")]
    [InlineData("---\n")]
    [InlineData("null\n")]
    [InlineData("~")]
    public async Task What_stays_gone_or_broken_is_said_and_paged_once_and_the_limits_stand(string? left)
    {
        var before = _relay.Settings.Current;
        Save(left);
        await WatchAsync(TimeSpan.FromMinutes(5));

        Assert.Same(before, _relay.Settings.Current);
        var status = await _relay.StatusAsync();
        Assert.Equal("error", status.State);
        Assert.Contains("configuration: config.yaml", status.StateReason, StringComparison.Ordinal);
        Assert.False((await _relay.Get<Health>().ReadAsync(CancellationToken)).Healthy);
        var page = Assert.Single(await _relay.PagesAsync());
        Assert.Equal("Relay error: configuration", page.Title);
        Assert.Contains("config.yaml", page.Body, StringComparison.Ordinal);

        Save(_written);
        await WatchAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("running", (await _relay.StatusAsync()).State);
        Save(left);
        await WatchAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(2, (await _relay.PagesAsync()).Count);
    }

    [Fact]
    public async Task A_whole_change_is_taken_once_it_stands_still()
    {
        Save(_written.Replace("model: one", "model: two", StringComparison.Ordinal));
        await WatchAsync(TimeSpan.FromSeconds(2));
        Assert.Equal("one", _relay.Settings.Current.Config.Model);

        await WatchAsync(TimeSpan.FromSeconds(4));

        Assert.Equal("two", _relay.Settings.Current.Config.Model);
    }

    [Fact]
    public async Task A_file_that_is_written_on_and_on_is_not_taken()
    {
        for (var step = 0; step < 10; step++)
        {
            Save(_written + $"stuck_after: {step + 1}m\n");
            await WatchAsync(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(new RelayConfig().StuckAfter, _relay.Settings.Current.Config.StuckAfter);

        await WatchAsync(TimeSpan.FromSeconds(5));

        Assert.Equal(TimeSpan.FromMinutes(10), _relay.Settings.Current.Config.StuckAfter);
    }

    [Fact]
    public async Task The_settings_in_force_are_kept_for_the_commands()
    {
        Save(null);
        await WatchAsync(TimeSpan.FromMinutes(1));

        var commands = SettingsSource.InForce(_relay.Home, TempHome.NoEnvironment).Current.Config;
        Assert.True(commands.SameAs(_relay.Settings.Current.Config));

        Save(_written.Replace("model: one", "model: two", StringComparison.Ordinal));
        await WatchAsync(TimeSpan.FromMinutes(1));
        Assert.Equal("two", SettingsSource.InForce(_relay.Home, TempHome.NoEnvironment).Current.Config.Model);
    }

    // Each write gets another time, so that no test depends on the resolution of the clock.
    private void Save(string? text)
    {
        _time = _time.AddSeconds(1);
        File.Delete(_relay.Home.ConfigFile);
        if (text is null)
            return;
        File.WriteAllText(_relay.Home.ConfigFile, text);
        File.SetLastWriteTimeUtc(_relay.Home.ConfigFile, text == _written ? new DateTime(2019, 1, 1, 0, 0, 0, DateTimeKind.Utc) : _time);
    }

    private async Task WatchAsync(TimeSpan time)
    {
        await _relay.RunAsync<SettingsWatch>();
        for (var left = time; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(0.5))
        {
            _relay.Clock.Advance(TimeSpan.FromSeconds(0.5));
            await _relay.RunAsync<SettingsWatch>();
            await _relay.RunAsync<HealthWatch>();
        }
    }
}

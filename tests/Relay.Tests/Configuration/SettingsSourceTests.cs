using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

public sealed class SettingsSourceTests : IDisposable
{
    private readonly TempHome _temp = new();
    private DateTime _written = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void An_empty_home_has_the_defaults_and_gets_a_topic_and_a_token()
    {
        var source = Load(generate: true);

        Assert.True(source.Current.Config.SameAs(new RelayConfig()));
        Assert.StartsWith("relay-", source.Current.Secrets.NtfyTopic);
        Assert.Contains(source.Current.Secrets.Token, File.ReadAllText(_temp.Home.EnvFile));
        Assert.IsType<Reloaded.Unchanged>(source.Reload());
    }

    [Fact]
    public void Without_generating_nothing_is_written()
    {
        var source = Load();

        Assert.Equal(("", ""), (source.Current.Secrets.NtfyTopic, source.Current.Secrets.Token));
        Assert.Empty(Directory.GetFileSystemEntries(_temp.Root));
    }

    [Fact]
    public void Faults_of_both_files_come_together()
    {
        Write(".env", "NTFY_SERVER=nowhere\n");
        Write("config.yaml", "max_tokens: 0\nmodle: x\n");

        var faulty = Assert.IsType<Loaded.Faulty>(SettingsSource.Load(_temp.Home, TempHome.NoEnvironment, generate: true));

        Assert.Equal([".env:1", "config.yaml:1", "config.yaml:2"], faulty.Faults.Select(fault => $"{fault.File}:{fault.Line}"));
    }

    [Theory]
    [InlineData("", ".env: RELAY_DATABASE_URL is missing, and store: postgres in config.yaml needs it")]
    [InlineData("RELAY_DATABASE_URL=mysql://relay@localhost/relay\n", ".env:1: RELAY_DATABASE_URL: the value cannot be used")]
    public void PostgreSQL_without_an_address_is_a_fault(string env, string fault)
    {
        Write(".env", env);
        Write("config.yaml", "store: postgres\n");

        var faulty = Assert.IsType<Loaded.Faulty>(SettingsSource.Load(_temp.Home, TempHome.NoEnvironment, generate: true));

        var only = Assert.Single(faulty.Faults).ToString();
        Assert.StartsWith(fault, only);
        Assert.EndsWith("; allowed: postgres://USER:PASSWORD@HOST:PORT/DATABASE", only);
    }

    [Fact]
    public void A_faulty_env_file_is_not_written_to()
    {
        Write(".env", "NTFY_TOPIC='open\n");

        Assert.IsType<Loaded.Faulty>(SettingsSource.Load(_temp.Home, TempHome.NoEnvironment, generate: true));

        Assert.Equal("NTFY_TOPIC='open\n", File.ReadAllText(_temp.Home.EnvFile));
    }

    [Fact]
    public void An_env_file_that_cannot_be_written_is_a_fault()
    {
        File.CreateSymbolicLink(_temp.Home.EnvFile, Path.Combine(_temp.Root, "no-such-folder", "env"));

        var faulty = Assert.IsType<Loaded.Faulty>(SettingsSource.Load(_temp.Home, TempHome.NoEnvironment, generate: true));

        Assert.StartsWith(".env: cannot be written", Assert.Single(faulty.Faults).ToString());
    }

    [Fact]
    public void A_change_is_swapped_in_and_both_sides_are_told()
    {
        Write("config.yaml", "model: one\n");
        var source = Load();
        Write("config.yaml", "model: two\n");

        var changed = Assert.IsType<Reloaded.Changed>(source.Reload());

        Assert.Equal(("one", "two"), (changed.Old.Config.Model, changed.New.Config.Model));
        Assert.Same(changed.New, source.Current);
        Assert.IsType<Reloaded.Unchanged>(source.Reload());
    }

    [Fact]
    public void A_change_of_env_is_seen()
    {
        var source = Load();
        Write(".env", "ANTHROPIC_API_KEY=k\n");

        Assert.IsType<Reloaded.Changed>(source.Reload());

        Assert.Equal("k", source.Current.Secrets.ApiKey);
    }

    [Fact]
    public void A_change_of_the_prompt_file_is_seen()
    {
        Write("advisor.md", "Be brief.");
        Write("config.yaml", "system_prompt_file: advisor.md\n");
        var source = Load();
        Write("advisor.md", "Be kind.");

        Assert.IsType<Reloaded.Changed>(source.Reload());

        Assert.Equal("Be kind.", source.Current.Config.SystemPromptText);
    }

    [Fact]
    public void A_file_written_anew_with_the_same_settings_is_no_change()
    {
        Write("config.yaml", "model: one\nsessions: [{session_id: a}]\n");
        var source = Load();
        Write("config.yaml", "sessions: [{session_id: a}]\nmodel: one # comment\n");

        Assert.IsType<Reloaded.Unchanged>(source.Reload());
    }

    [Fact]
    public void Faults_leave_the_settings_in_force_and_are_told_once()
    {
        Write("config.yaml", "model: one\n");
        var source = Load();
        Write("config.yaml", "model: [\n");

        Assert.IsType<Reloaded.Faulty>(source.Reload());
        Assert.IsType<Reloaded.Unchanged>(source.Reload());
        Assert.Equal("one", source.Current.Config.Model);

        Write("config.yaml", "model: two\n");
        Assert.IsType<Reloaded.Changed>(source.Reload());
    }

    [Fact]
    public void A_prompt_file_that_comes_back_mends_the_fault()
    {
        var source = Load();
        Write("config.yaml", "system_prompt_file: advisor.md\n");
        Assert.IsType<Reloaded.Faulty>(source.Reload());
        Write("advisor.md", "Be brief.");

        Assert.IsType<Reloaded.Changed>(source.Reload());
    }

    [Fact]
    public void A_file_emptied_for_a_moment_by_an_editor_is_not_taken_for_all_defaults()
    {
        Write("config.yaml", "model: one\n");
        var source = Load();
        Write("config.yaml", "");
        Assert.IsType<Reloaded.Unchanged>(source.Reload());
        Write("config.yaml", "model: two\n");

        Assert.IsType<Reloaded.Changed>(source.Reload());

        Assert.Equal("two", source.Current.Config.Model);
    }

    [Theory]
    [InlineData(null, "config.yaml: the file is gone")]
    [InlineData("", "config.yaml: it is cut off, or no setting is left in it")]
    [InlineData(" \n\n", "config.yaml: it is cut off, or no setting is left in it")]
    [InlineData("# mine\n", "config.yaml: it is cut off, or no setting is left in it")]
    [InlineData("# mine\nmodel: on", "config.yaml: it is cut off, or no setting is left in it")]
    [InlineData("# mine\nmodel: one\nmax_tokens: 160", "config.yaml: it is cut off, or no setting is left in it")]
    public void A_file_that_stays_gone_or_empty_is_a_fault_and_never_all_defaults(string? left, string fault)
    {
        const string whole = "# mine\nmodel: one\nmax_tokens: 16000\nstuck_after: 5m\n";
        Write("config.yaml", whole);
        var source = Load();
        if (left is null)
            File.Delete(_temp.Home.ConfigFile);
        else
            Write("config.yaml", left);
        source.Reload();
        source.Reload();

        Assert.StartsWith(fault, Assert.Single(source.Faults).ToString());
        Assert.Equal("one", source.Current.Config.Model);

        Write("config.yaml", whole);
        source.Reload();
        Assert.Empty(source.Faults);
    }

    [Fact]
    public void All_defaults_can_be_asked_for_in_so_many_words()
    {
        Write("config.yaml", "model: one\n");
        var source = Load();
        Write("config.yaml", "{}\n");

        Assert.IsType<Reloaded.Changed>(source.Reload());

        Assert.Equal(new RelayConfig().Model, source.Current.Config.Model);
    }

    [Theory]
    [InlineData("model: one\nmax_tokens: 100\n", "model: one\n")]
    [InlineData("max_tokens: 100\nmodel: one-two", "max_tokens: 100\nmodel: one")]
    [InlineData("max_tokens: 100\nmodel: one\n", "max_tokens: 100\nmodel: one")]
    public void What_somebody_took_away_at_the_end_is_taken(string before, string after)
    {
        Write("config.yaml", before);
        var source = Load();
        Write("config.yaml", after);
        source.Reload();

        Assert.Empty(source.Faults);
        Assert.Equal("one", source.Current.Config.Model);
    }

    [Fact]
    public void Keys_that_vanish_with_their_file_stay_in_force()
    {
        Write(".env", "ANTHROPIC_API_KEY=k\n");
        var source = Load();
        File.Delete(_temp.Home.EnvFile);
        source.Reload();
        source.Reload();

        Assert.StartsWith(".env: the file is gone", Assert.Single(source.Faults).ToString());
        Assert.Equal("k", source.Current.Secrets.ApiKey);
    }

    [Fact]
    public void A_home_that_never_had_a_file_has_no_fault()
    {
        var source = Load();
        Write(".env", "ANTHROPIC_API_KEY=k\n");

        Assert.IsType<Reloaded.Changed>(source.Reload());

        Assert.Empty(source.Faults);
    }

    [Fact]
    public void A_topic_and_token_removed_while_running_stay_in_force_and_nothing_is_written()
    {
        var source = Load(generate: true);
        var before = source.Current.Secrets;
        Write(".env", "ANTHROPIC_API_KEY=k\n");

        Assert.IsType<Reloaded.Changed>(source.Reload());

        Assert.Equal(before with { ApiKey = "k" }, source.Current.Secrets);
        Assert.Equal("ANTHROPIC_API_KEY=k\n", File.ReadAllText(_temp.Home.EnvFile));
    }

    [Fact]
    public void A_change_behind_a_symbolic_link_is_seen()
    {
        Write("real.yaml", "model: one\n");
        File.CreateSymbolicLink(_temp.Home.ConfigFile, Path.Combine(_temp.Root, "real.yaml"));
        var source = Load();
        Write("real.yaml", "model: two\n");

        Assert.IsType<Reloaded.Changed>(source.Reload());
    }

    // Each write gets another time, so that no test depends on the resolution of the clock.
    private void Write(string name, string text)
    {
        _written = _written.AddSeconds(1);
        File.SetLastWriteTimeUtc(_temp.Write(name, text), _written);
    }

    private SettingsSource Load(bool generate = false) =>
        Assert.IsType<Loaded.Ok>(SettingsSource.Load(_temp.Home, TempHome.NoEnvironment, generate)).Source;
}

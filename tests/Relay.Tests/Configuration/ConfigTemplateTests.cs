using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

public sealed class ConfigTemplateTests : IDisposable
{
    private static readonly string[] Keys =
    [
        "model", "max_tokens", "system_prompt", "system_prompt_file", "summarization_prompt", "history_char_cap", "keep_recent_turns",
        "sessions", "session_id", "conversation", "accept_unknown_sessions", "operator", "name", "token", "scan_chars", "input_file",
        "listen", "cache_ttl", "budget", "per_day_usd", "per_month_usd", "agents", "max_rounds",
        "new_names_per_hour", "max_permissions", "wake", "allow", "stuck_after",
        "max_envelope_bytes", "advisor", "queue", "user", "wake_in",
        "subagent_patience", "ask_advisor_first", "advisor_may_allow",
    ];

    private readonly TempHome _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Reading_it_gives_exactly_the_defaults()
    {
        _temp.Write("config.yaml", ConfigTemplate.Config);

        var (config, faults) = ConfigReader.Read(_temp.Home);

        Assert.Empty(faults);
        Assert.True(config.SameAs(new RelayConfig()));
    }

    [Fact]
    public void Every_key_is_in_it()
    {
        Assert.All(Keys, key => Assert.Contains($"{key}:", ConfigTemplate.Config));
    }

    [Fact]
    public void The_prompts_uncommented_are_the_built_in_ones()
    {
        _temp.Write("config.yaml", Uncommented("system_prompt: |", "summarization_prompt: |"));

        var (config, faults) = ConfigReader.Read(_temp.Home);

        Assert.Empty(faults);
        Assert.Equal(new RelayConfig().SystemPromptText + "\n", config.SystemPromptText);
        Assert.Equal(new RelayConfig().SummarizationPrompt + "\n", config.SummarizationPrompt);
    }

    [Fact]
    public void The_env_template_sets_nothing_and_names_every_key()
    {
        var faults = new List<ConfigFault>();
        _temp.Write(".env", ConfigTemplate.Env);

        var secrets = Secrets.Resolve(DotEnv.Load(_temp.Home.EnvFile, faults), TempHome.NoEnvironment, faults);

        Assert.Empty(faults);
        Assert.Equal(new Secrets(), secrets);
        Assert.All(Secrets.Keys, key => Assert.Contains($"# {key}=", ConfigTemplate.Env));
    }

    private static string Uncommented(params string[] openings)
    {
        var inside = false;
        var lines = ConfigTemplate.Config.Split('\n').Select(line =>
        {
            inside = openings.Any(opening => line == $"# {opening}") || (inside && line.StartsWith('#'));
            return inside ? line.Length > 1 ? line[2..] : "" : line;
        });
        return string.Join('\n', lines);
    }
}

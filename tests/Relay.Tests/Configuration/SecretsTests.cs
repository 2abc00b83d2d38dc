using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

public sealed class SecretsTests : IDisposable
{
    private const string Token = "of-the-environment-0123456789";

    private readonly TempHome _temp = new();
    private readonly List<ConfigFault> _faults = [];
    private readonly Dictionary<string, string> _environment = [];

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Without_any_there_are_the_defaults()
    {
        var secrets = Resolve("");

        Assert.Equal(new Secrets(), secrets);
        Assert.Equal("https://api.anthropic.com/", secrets.BaseUrl.AbsoluteUri);
        Assert.Equal("https://ntfy.sh/", secrets.NtfyServer.AbsoluteUri);
        Assert.Null(secrets.ApiKey);
        Assert.Empty(_faults);
    }

    [Theory]
    [InlineData("ANTHROPIC_BASE_URL=http://evil.example", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")]
    [InlineData("ANTHROPIC_API_KEY=sk-file", "ANTHROPIC_BASE_URL", "ANTHROPIC_BASE_URL")]
    [InlineData("NTFY_SERVER=http://evil.example", "NTFY_TOKEN", "NTFY_SERVER")]
    [InlineData("RELAY_DATABASE_URL=postgres://relay@evil.example/relay", "PGPASSWORD", "RELAY_DATABASE_URL")]
    public void A_secret_and_the_address_it_goes_to_are_of_one_source(string inFile, string inEnvironment, string named)
    {
        _environment[inEnvironment] = "http://somebody.example";

        var secrets = Resolve(inFile + "\n");

        Assert.Contains(named, Assert.Single(_faults).Message, StringComparison.Ordinal);
        Assert.Contains("the environment", _faults[0].Message, StringComparison.Ordinal);
        Assert.Null(secrets.ApiKey);
        Assert.DoesNotContain("somebody", _faults[0].ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ANTHROPIC_API_KEY=sk-file\nANTHROPIC_BASE_URL=http://a.example", "")]
    [InlineData("ANTHROPIC_API_KEY=sk-file\nANTHROPIC_BASE_URL=http://a.example", "ANTHROPIC_API_KEY ANTHROPIC_BASE_URL")]
    [InlineData("ANTHROPIC_API_KEY=sk-file", "ANTHROPIC_API_KEY")]
    [InlineData("", "ANTHROPIC_API_KEY ANTHROPIC_BASE_URL")]
    [InlineData("", "ANTHROPIC_BASE_URL")] // No key, so none goes there.
    [InlineData("ANTHROPIC_API_KEY=\nANTHROPIC_BASE_URL=", "ANTHROPIC_API_KEY ANTHROPIC_BASE_URL")]
    [InlineData("NTFY_TOKEN=t\nNTFY_SERVER=http://a.example", "NTFY_SERVER")] // The environment goes before the file here.
    [InlineData("RELAY_DATABASE_URL=postgres://relay:word@a.example/relay", "PGPASSWORD")]
    [InlineData("RELAY_DATABASE_URL=postgres://relay@a.example/relay?password=word", "PGPASSWORD")]
    [InlineData("", "RELAY_DATABASE_URL PGPASSWORD")]
    public void From_one_source_they_go_together(string inFile, string inEnvironment)
    {
        foreach (var name in inEnvironment.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            _environment[name] = name.StartsWith("RELAY", StringComparison.Ordinal) ? "postgres://b.example/relay" : "http://b.example";

        Resolve(inFile + "\n");

        Assert.Empty(_faults);
    }

    [Theory]
    [InlineData("https://gate.example", "https://gate.example/")]
    [InlineData("https://gate.example/v1", "https://gate.example/")]
    [InlineData("https://gate.example/v1/messages", "https://gate.example/")]
    [InlineData("https://gate.example:8443/anthropic/v1//", "https://gate.example:8443/anthropic")]
    [InlineData("https://gate.example/v1beta", "https://gate.example/v1beta")]
    public void A_base_address_may_end_in_the_path_below_it(string written, string meant) =>
        Assert.Equal(meant, Resolve($"ANTHROPIC_BASE_URL={written}\n").BaseUrl.AbsoluteUri);

    [Fact]
    public void A_user_in_the_address_of_ntfy_beside_a_token_is_refused_and_not_shown()
    {
        Resolve("NTFY_SERVER=https://me:sesame@ntfy.example\nNTFY_TOKEN=token\n");

        var fault = Assert.Single(_faults).ToString();
        Assert.Contains("user and password", fault);
        Assert.DoesNotContain("sesame", fault);
    }

    [Fact]
    public void A_user_in_the_address_of_ntfy_is_kept_to_be_sent()
    {
        var secrets = Resolve("NTFY_SERVER=https://me:sesame@ntfy.example\n");

        Assert.Empty(_faults);
        Assert.Equal("me:sesame", secrets.NtfyServer.UserInfo);
        Assert.DoesNotContain("sesame", secrets.ToString());
    }

    [Fact]
    public void The_environment_wins_for_relay_and_ntfy_and_the_file_for_anthropic()
    {
        foreach (var key in Secrets.Keys)
            _environment[key] = key switch
            {
                "RELAY_DATABASE_URL" => "postgres://relay:secret@environment/relay",
                "ANTHROPIC_BASE_URL" or "NTFY_SERVER" => "http://environment",
                "RELAY_TOKEN" => Token,
                "NTFY_ANSWER_TOPIC" => "answers",
                _ => "environment",
            };

        var secrets = Resolve("""
            ANTHROPIC_API_KEY=file
            ANTHROPIC_BASE_URL=http://file:8080/path
            NTFY_TOPIC=file
            NTFY_SERVER=http://file
            NTFY_TOKEN=file
            RELAY_TOKEN=of-the-file-0123456789abcdef
            """);

        Assert.Equal(
            new Secrets
            {
                ApiKey = "file",
                BaseUrl = new Uri("http://file:8080/path"),
                NtfyTopic = "environment",
                NtfyServer = new Uri("http://environment"),
                NtfyToken = "environment",
                NtfyAnswerTopicGiven = "answers",
                NtfyAnswerToken = "environment",
                NtfySecondToken = "environment",
                WebhookToken = "environment",
                SmtpPassword = "environment",
                Token = Token,
                DatabaseUrl = new Uri("postgres://relay:secret@environment/relay"),
            },
            secrets);
        Assert.Empty(_faults);
    }

    [Fact]
    public void Blank_counts_as_absent_on_both_sides()
    {
        _environment["NTFY_TOPIC"] = " ";
        _environment["ANTHROPIC_API_KEY"] = "environment";

        var secrets = Resolve("NTFY_TOPIC=file\nANTHROPIC_API_KEY=\"  \"\nNTFY_SERVER=\n");

        Assert.Equal(("file", "environment"), (secrets.NtfyTopic, secrets.ApiKey));
        Assert.Empty(_faults);
    }

    [Theory]
    [InlineData("ANTHROPIC_BASE_URL", "sesame")]
    [InlineData("ANTHROPIC_BASE_URL", "/sesame")]
    [InlineData("ANTHROPIC_BASE_URL", "file:///sesame")]
    [InlineData("ANTHROPIC_BASE_URL", "ftp://sesame")]
    [InlineData("NTFY_SERVER", "http://")]
    [InlineData("NTFY_SERVER", "sesame:80")]
    [InlineData("NTFY_TOPIC", "sesame/x")]
    [InlineData("NTFY_TOPIC", "sesame x")]
    [InlineData("NTFY_TOPIC", "sesameééé")]
    [InlineData("NTFY_TOPIC", "sesame0123456789012345678901234567890123456789012345678901234567890")]
    [InlineData("ANTHROPIC_API_KEY", "ses ame")]
    [InlineData("RELAY_TOKEN", "sésame")]
    [InlineData("RELAY_TOKEN", "sesame")]
    [InlineData("RELAY_TOKEN", "sesamesesamesesamesesamesesamesesamesesame")]
    [InlineData("RELAY_TOKEN", "sesame.0123456789ab.0123456789abcdefghijklmnopqrstuvwxyz0123456")]
    public void What_cannot_be_used_is_a_fault_that_keeps_the_secret(string key, string value)
    {
        Resolve($"# comment\n{key}={value}\n");
        var file = Assert.Single(_faults);
        _faults.Clear();
        _environment[key] = value;
        Resolve("");
        var environment = Assert.Single(_faults);

        Assert.StartsWith($".env:2: {key}: the value cannot be used; allowed: ", file.ToString());
        Assert.StartsWith($"environment: {key}: the value cannot be used; allowed: ", environment.ToString());
        Assert.DoesNotContain("sesame", file + environment.ToString());
    }

    [Fact]
    public void What_is_overridden_is_not_judged()
    {
        _environment["NTFY_TOPIC"] = "fine";
        _environment["ANTHROPIC_BASE_URL"] = "not an address";

        Resolve("NTFY_TOPIC=not fine\nANTHROPIC_BASE_URL=http://fine");

        Assert.Empty(_faults);
    }

    [Fact]
    public void Topic_and_token_are_generated_once_and_written_back()
    {
        var first = Generate("# mine\nNTFY_TOPIC=\n");
        var text = File.ReadAllText(_temp.Home.EnvFile);
        var again = Generate(text);

        Assert.Matches("^relay-[0-9a-f]{32}$", first.NtfyTopic);
        Assert.Matches("^[A-Za-z0-9_-]{43}$", first.Token);
        Assert.Equal($"# mine\nNTFY_TOPIC={first.NtfyTopic}\nRELAY_TOKEN={first.Token}\n", text);
        Assert.Equal(first, again);
        Assert.NotEqual(first.Token, Generate("").Token);
    }

    [Fact]
    public void What_the_environment_has_is_not_generated()
    {
        _environment["NTFY_TOPIC"] = "mine";
        _environment["RELAY_TOKEN"] = Token;

        Generate("A=1");

        Assert.Equal("A=1", File.ReadAllText(_temp.Home.EnvFile));
    }

    [Fact]
    public void Printing_them_prints_no_secret()
    {
        var secrets = Resolve("""
            ANTHROPIC_API_KEY=sesame1
            ANTHROPIC_BASE_URL=https://sesame2:sesame3@host.example:8443/sesame4
            NTFY_TOPIC=sesame5
            NTFY_TOKEN=sesame6
            RELAY_TOKEN=sesame7-0123456789abcdef
            """);

        var printed = new Settings(_temp.Home, new RelayConfig(), secrets).ToString();

        Assert.DoesNotContain("sesame", printed);
        Assert.Contains("https://host.example:8443", printed);
    }

    private Secrets Resolve(string text)
    {
        _temp.Write(".env", text);
        return Secrets.Resolve(DotEnv.Load(_temp.Home.EnvFile, _faults), _environment, _faults);
    }

    private Secrets Generate(string text)
    {
        _temp.Write(".env", text);
        var file = DotEnv.Load(_temp.Home.EnvFile, _faults);
        Secrets.EnsureGenerated(file, _environment);
        file.Save();
        return Secrets.Resolve(file, _environment, _faults);
    }
}

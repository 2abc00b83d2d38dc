using System.Text.Json;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>Doctor names the projects whose files open the relay no more, with the command that mends each.</summary>
public sealed class ProjectsCheckTests : IAsyncLifetime
{
    private readonly CliHome _relay = new("advisor: simulated\nlisten: 127.0.0.1:7478\n");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-projects-");

    private string Project => _folder.FullName;

    private string Mcp => Path.Combine(Project, ".mcp.json");

    public async ValueTask InitializeAsync() => Assert.Equal(0, (await ConnectAsync("--session", "shop", "--shared")).Exit);

    public async ValueTask DisposeAsync()
    {
        if (_folder.Exists)
            _folder.Delete(recursive: true);
        await _relay.DisposeAsync();
    }

    [Fact]
    public async Task A_project_that_is_connected_is_well()
    {
        var (state, detail, _) = Assert.Single(await FindAsync());

        Assert.Equal(("ok", "1 connected project with valid tokens"), (state, detail));
    }

    [Theory]
    [InlineData(".mcp.json", "${RELAY_TOKEN}")]
    [InlineData(".claude/settings.json", "\"RELAY_TOKEN\"")]
    [InlineData(".claude/settings.local.json", "\"RELAY_TOKEN\": \"x\"")]
    public async Task One_with_the_operator_s_variable_is_a_fault(string file, string use)
    {
        var path = Path.Combine(Project, file);
        var text = File.ReadAllText(path);
        File.WriteAllText(path, file.EndsWith("settings.json", StringComparison.Ordinal)
            ? $"{{\"headers\": [{use}], {text.TrimStart()[1..]}"
            : use.StartsWith('"') ? text.Replace("\"RELAY_SESSION_TOKEN\"", $"{use}, \"RELAY_SESSION_TOKEN\"", StringComparison.Ordinal)
            : text.Replace(use.Replace("RELAY_", "RELAY_SESSION_", StringComparison.Ordinal), use, StringComparison.Ordinal));

        var (state, detail, fix) = Assert.Single(await FindAsync());

        Assert.Equal("fault", state);
        Assert.StartsWith($"{Project} uses RELAY_TOKEN", detail, StringComparison.Ordinal);
        Assert.StartsWith($"relay connect claude-code --project {Project} --session shop --home ", fix, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_with_a_revoked_token_is_a_fault_until_it_is_connected_as_it_was()
    {
        await ConnectAsync("--session", "shop", "--mode", "relay", "--permissions");
        Assert.Equal(0, (await _relay.RunAsync("tokens", "--revoke", "shop")).Exit);

        var (state, detail, fix) = Assert.Single(await FindAsync());

        Assert.Equal(("fault", $"{Project} has the token of shop, which is revoked"), (state, detail));
        Assert.StartsWith($"relay connect claude-code --project {Project} --session shop --mode relay --permissions", fix);
        await ConnectAsync("--session", "shop", "--mode", "relay", "--permissions");
        Assert.Equal("ok", Assert.Single(await FindAsync()).State);
    }

    [Fact]
    public async Task One_whose_token_was_replaced_is_a_fault()
    {
        var local = Path.Combine(Project, ".claude", "settings.local.json");
        var old = File.ReadAllText(local);
        await _relay.RunAsync("tokens", "--revoke", "shop");
        await ConnectAsync("--session", "shop");
        File.WriteAllText(local, old);

        Assert.Contains("does not know, or has replaced", Assert.Single(await FindAsync()).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_gone_is_a_warning_and_what_else_says_the_name_is_nothing()
    {
        File.WriteAllText(Path.Combine(Project, ".claude", "settings.local.json.note"), "$RELAY_TOKEN");
        Assert.Equal("ok", Assert.Single(await FindAsync()).State);
        _folder.Delete(recursive: true);
        _folder.Refresh();

        Assert.Equal("warning", Assert.Single(await FindAsync()).State);
    }

    private Task<Ran> ConnectAsync(params string[] more) => _relay.RunAsync(["connect", "claude-code", "--project", Project, .. more]);

    private async Task<List<(string State, string Detail, string Fix)>> FindAsync()
    {
        var checks = (await _relay.RunAsync("doctor", "--json")).Json.GetProperty("checks").EnumerateArray();
        return [.. checks.Where(each => Text(each, "check") == "projects")
            .Select(each => (Text(each, "state"), Text(each, "detail"), Text(each, "fix")))];

        static string Text(JsonElement each, string name) =>
            each.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
    }
}

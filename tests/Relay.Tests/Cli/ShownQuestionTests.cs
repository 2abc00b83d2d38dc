using Relay.Cli;
using Relay.Loopback;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>A character that hides, and the same code written out, are never shown alike; and page and terminal show the same.</summary>
public sealed class ShownQuestionTests : IAsyncDisposable
{
    private const string Hidden = "rm \u202e x", Written = @"rm \u202e x";

    private readonly StringWriter _output = new();
    private RunningRelay? _relay;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _output.DisposeAsync();
        if (_relay is not null)
            await _relay.DisposeAsync();
    }

    [Theory]
    [InlineData(Hidden, @"  rm \u202e x")]
    [InlineData(Written, @"  rm \\u202e x")]
    [InlineData("echo [NEEDS-JC] done", "  echo [NEEDS-JC] done")]
    public async Task A_permission_is_shown_as_its_page_shows_it(string command, string shown)
    {
        _relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(_relay, "claude-1");
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var asked = claude.HookAsync(
            "PermissionRequest", new { tool_name = "Bash", tool_input = new { command } }, ended.Token);

        Assert.Contains(shown, Lines(await PageAsync("may it use")));
        Assert.Contains("    " + shown, Lines(await RunAsync("questions")));
        Assert.Contains("    " + shown, Lines(await RunAsync("questions", "1")));
        Assert.Contains(shown.Trim(), await RunAsync("status"), StringComparison.Ordinal);
        Assert.Contains("    " + shown, Lines(await RunAsync("answer", "1", "allow")));
        await asked;
    }

    [Theory]
    [InlineData(Hidden, @"rm \u202e x")]
    [InlineData(Written, @"rm \\u202e x")]
    public async Task A_question_and_a_reply_are_shown_as_their_pages_show_them(string text, string shown)
    {
        _relay = await RunningRelay.StartAsync();
        _relay.Api.Always(ScriptedReply.Text($"[NEEDS-JC] {text}"));
        _relay.Drop("s", "question");

        Assert.Contains(shown, Lines(await PageAsync("asks")));
        Assert.Contains("    " + shown, Lines(await RunAsync("questions", "1")));

        _relay.Api.Always(ScriptedReply.Text(text));
        Assert.Contains("answered question #1 of s (", await RunAsync("answer", "1", "go on"), StringComparison.Ordinal);
        await _relay.ConsumeAsync("s");
        Relay.Files.DurableFile.Replace(_relay.Home.OperatorFile("jc_input.txt"), "and now?"u8.ToArray());
        Assert.Equal(shown, await PageAsync("replies"));
    }

    private async Task<string> PageAsync(string title) =>
        (await _relay!.Ntfy.WaitForPageAsync(page => page.Title.Contains(title, StringComparison.Ordinal), RunningRelay.Patience)).Message;

    private static string[] Lines(string text) => text.Split('\n');

    private async Task<string> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        var context = new CommandContext(new Dictionary<string, string>(), output, output);
        await CommandLine.RunAsync([.. arguments, "--home", _relay!.Home.Root], context);
        return output.ToString();
    }
}

using System.Text.RegularExpressions;
using Relay.Scenarios.ClaudeCode;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Watching;

/// <summary>The Tab key in real shells.</summary>
public sealed partial class CompletionScenarios : Stage
{
    protected override string Config => """
        sessions: [{session_id: front-door, conversation: house}]
        advisor: simulated

        """;

    [Theory]
    [InlineData("bash", "/bin/bash --norc --noprofile -i")]
    [InlineData("zsh", "/usr/bin/zsh -f -i")]
    [InlineData("fish", "/usr/bin/fish --no-config -i")]
    public async Task Tab_completes_commands_options_and_names(string shell, string command)
    {
        Assert.SkipUnless(File.Exists(command.Split(' ')[0]), $"{shell} is not installed");
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var folder = Directory.CreateTempSubdirectory("relay-shell-").FullName;
        File.CreateSymbolicLink(Path.Combine(folder, "relay"), RelayProcess.Program());
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = $"{folder}:/usr/bin:/bin",
            ["RELAY_HOME"] = Home.Paths.Root,
            ["HOME"] = folder,
            ["LANG"] = "C.UTF-8",
        };
        await using (var terminal = await Tmux.StartAsync(folder, environment, command.Split(' ')))
        {
            await AsksAsync(terminal);
            await terminal.TypeAsync(shell switch
            {
                "bash" => "PS1='ready> '; eval \"$(relay completion bash)\"; echo set up",
                "zsh" => "PS1='ready> '; autoload -U compinit; compinit -u; eval \"$(relay completion zsh)\"; echo set up",
                _ => "relay completion fish | source; echo set up",
            });
            await terminal.SeesAsync("\nset up");
            foreach (var (typed, completed) in new[]
            {
                ("relay sess", "relay sessions"), ("relay log --fol", "relay log --follow"),
                ("relay send --session fro", "relay send --session front-door"), ("relay say @fro", "relay say @front-door"),
                ("relay log --conversation hou", "relay log --conversation house"),
            })
            {
                await terminal.PressAsync(typed);
                await terminal.SeesAsync(typed);
                await terminal.PressAsync("Tab");
                await terminal.SeesAsync(completed);
                await terminal.PressAsync("C-u");
            }
        }
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>What is typed before the shell asks for it may be lost.</summary>
    private static Task AsksAsync(Tmux terminal) => Eventually.ThatAsync(
        TimeSpan.FromSeconds(60), () => Prompt().IsMatch(terminal.ScreenAsync().GetAwaiter().GetResult()), () => "no prompt",
        CancellationToken);

    /// <summary>The last line that is not empty ends as a shell's prompt does.</summary>
    [GeneratedRegex(@"[#$%>❯] ?\s*\z")]
    private static partial Regex Prompt();
}

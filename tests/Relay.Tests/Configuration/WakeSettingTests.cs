using Relay.Configuration;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Configuration;

/// <summary>agents.wake starts a program: which one is settled when the settings are read, and nobody else can change it.</summary>
public sealed class WakeSettingTests : IDisposable
{
    private readonly TempHome _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void The_program_is_found_when_the_settings_are_read()
    {
        var (config, faults) = Read("agents: {wake: \"sh -c 'true' {claude_session_id}\", wake_in: [/srv/shop]}");

        Assert.Empty(faults);
        Assert.True(Path.IsPathRooted(config.Agents.WakeProgram), config.Agents.WakeProgram);
        Assert.EndsWith("/sh", config.Agents.WakeProgram, StringComparison.Ordinal);
        Assert.Equal(["/srv/shop"], config.Agents.WakeIn);
    }

    [Theory]
    [InlineData("./claude -p", "another program in another folder")]
    [InlineData("bin/claude", "another program in another folder")]
    [InlineData("no-such-program-anywhere", "no program no-such-program-anywhere in PATH")]
    [InlineData("/nowhere/at/all", "no program /nowhere/at/all")]
    [InlineData("/etc/passwd", "no program")]
    [InlineData("/", "no program")]
    [InlineData("''", "no program")]
    public void What_is_not_one_program_for_good_is_a_fault(string command, string reason)
    {
        var (config, faults) = Read($"agents:\n  wake: \"{command}\"\n");

        Assert.Contains(reason, Assert.Single(faults).Message, StringComparison.Ordinal);
        Assert.Equal(2, faults[0].Line);
        Assert.Equal(("", ""), (config.Agents.Wake, config.Agents.WakeProgram));
    }

    [Fact]
    public void A_program_that_others_may_change_is_a_fault()
    {
        var program = _temp.Write("claude", "#!/bin/sh\n");
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        Assert.Empty(Read($"agents: {{wake: {program}}}").Faults);

        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_111);
        Assert.Contains($"others may write to {program}", Assert.Single(Read($"agents: {{wake: {program}}}").Faults).Message);
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        var folder = Directory.CreateDirectory(Path.Combine(_temp.Root, "open")).FullName;
        File.Move(program, Path.Combine(folder, "claude"));
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
        Assert.Contains($"others may write to {folder}", Assert.Single(Read($"agents: {{wake: {folder}/claude}}").Faults).Message);
        File.CreateSymbolicLink(program, Path.Combine(folder, "claude"));
        Assert.Contains($"others may write to {folder}", Assert.Single(Read($"agents: {{wake: {program}}}").Faults).Message);
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_000_000);
        Unix.Give(Path.Combine(folder, "claude"), 4242);
        Assert.Contains("belongs to uid 4242", Assert.Single(Read($"agents: {{wake: {program}}}").Faults).Message);
    }

    [Theory]
    [InlineData("shop")]
    [InlineData("[shop]")]
    [InlineData("[~/shop]")]
    [InlineData("[[/shop]]")]
    public void Folders_are_named_in_full(string folders) =>
        Assert.Contains("a list of absolute paths", Assert.Single(Read($"agents: {{wake_in: {folders}}}").Faults).Message);

    private (RelayConfig Config, IReadOnlyList<ConfigFault> Faults) Read(string config)
    {
        _temp.Write("config.yaml", config + "\n");
        return ConfigReader.Read(_temp.Home);
    }
}

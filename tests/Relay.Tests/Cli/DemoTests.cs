using Relay.Cli;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class DemoTests
{
    [Fact]
    public async Task Two_at_once_both_show_the_whole_job_whatever_the_environment_says()
    {
        var environment = new Dictionary<string, string>
        {
            ["NTFY_SERVER"] = "nonsense",
            ["RELAY_TOKEN"] = "a b",
            ["ANTHROPIC_BASE_URL"] = "nonsense",
        };
        var outputs = new[] { new StringWriter(), new StringWriter() };

        var exits = await Task.WhenAll(
            outputs.Select(output => CommandLine.RunAsync(["demo"], new CommandContext(environment, output, output))));

        Assert.Equal([0, 0], exits);
        Assert.All(outputs, output => Assert.Contains("next: relay init", output.ToString().TrimEnd().Split('\n')[^1]));
        Assert.All(outputs, output => Assert.Contains("every reply reached the session that asked, once", output.ToString()));
    }
}

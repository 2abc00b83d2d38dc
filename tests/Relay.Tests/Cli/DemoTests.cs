using System.Net;
using System.Text.RegularExpressions;
using Relay.Cli;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

public sealed partial class DemoTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

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

    [Fact]
    public async Task Kept_it_prints_a_link_to_a_page_with_something_on_it()
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        var output = new SharedWriter();
        var demo = new Demo(new CommandContext(new Dictionary<string, string>(), output, output));
        var running = demo.RunAsync(keep: true, stopping.Token);
        await Until.TrueAsync(() => Task.FromResult(output.ToString().Contains("Ctrl-C ends it", StringComparison.Ordinal)), "the end");

        var link = Link().Match(output.ToString()).Value;
        using var browser = new HttpClient();
        browser.DefaultRequestHeaders.Add("Accept", "text/html");
        await browser.GetStringAsync(new Uri(link), CancellationToken);
        var page = "";
        await Until.TrueAsync(
            async () => (page = await browser.GetStringAsync(new Uri(new Uri(link), "/"), CancellationToken))
                .Contains("1 message behind it", StringComparison.Ordinal),
            "the page");

        Assert.Contains("<h1>1 question waits for you</h1>", page);
        Assert.Contains("Tonight at 02:00", page);
        Assert.Contains("recommended", page);
        Assert.Contains("taken by session-2", page);
        Assert.Contains("settled by <a href=\"/rulings/1\">ruling 1</a>", page);
        Assert.Contains("of $5.00", page);
        Assert.Contains("Well.", page);
        Assert.DoesNotContain("taken by no way", page);
        using var again = new HttpClient();
        using var refused = await again.GetAsync(new Uri(link), CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode); // It lets one browser in.
        await stopping.CancelAsync();
        Assert.Equal(0, await running);
        Directory.Delete(Home().Match(output.ToString()).Groups[1].Value, recursive: true);
    }

    [GeneratedRegex(@"runs in (\S+) at")]
    private static partial Regex Home();

    [GeneratedRegex(@"http://\S+/sign-in\?code=[\w-]+")]
    private static partial Regex Link();

    /// <summary>Read while it is written to.</summary>
    private sealed class SharedWriter : StringWriter
    {
        private readonly Lock _lock = new();

        public override void Write(char value)
        {
            lock (_lock)
                base.Write(value);
        }

        public override void Write(string? value)
        {
            lock (_lock)
                base.Write(value);
        }

        public override void Write(char[] buffer, int index, int count)
        {
            lock (_lock)
                base.Write(buffer, index, count);
        }

        public override void Write(ReadOnlySpan<char> buffer)
        {
            lock (_lock)
                base.Write(buffer);
        }

        public override string ToString()
        {
            lock (_lock)
                return base.ToString();
        }
    }
}

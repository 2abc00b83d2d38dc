using System.Diagnostics;
using System.Text.Json;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Dashboard;

/// <summary>A running relay and real browsers before it. What they see is kept under artifacts/screenshots.</summary>
public abstract class DashboardStage(Chromium chromium) : Stage, IClassFixture<Chromium>
{
    protected const string Phone = "phone", Desktop = "desktop";

    private protected static async Task<string> LinkAsync(ScenarioHome home)
    {
        using var made = JsonDocument.Parse(await CommandRun.OutputAsync(home, "dashboard", "--json"));
        return made.RootElement.GetProperty("url").GetString()!;
    }

    /// <summary>A browser that was let in by the link that relay dashboard prints.</summary>
    protected async Task<IPage> OpenAsync(string size = Desktop, bool script = true, ColorScheme colors = ColorScheme.Light)
    {
        var page = await UnknownAsync(size, script, colors);
        await page.GotoAsync(await LinkAsync(Home));
        await Assertions.Expect(page.Locator("h1")).ToBeVisibleAsync();
        return page;
    }

    /// <summary>A browser that was not let in.</summary>
    protected async Task<IPage> UnknownAsync(string size = Desktop, bool script = true, ColorScheme colors = ColorScheme.Light)
    {
        var context = await chromium.NewAsync(new()
        {
            ViewportSize = size == Phone ? new() { Width = 390, Height = 844 } : new() { Width = 1180, Height = 900 },
            DeviceScaleFactor = 1,
            HasTouch = size == Phone,
            JavaScriptEnabled = script,
            ColorScheme = colors,
            ReducedMotion = ReducedMotion.Reduce, // In the middle of a fade no contrast is what it will be.
        });
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(30_000);
        Assertions.SetDefaultExpectTimeout(30_000);
        page.PageError += (_, error) => Errors.Add(error);
        page.Console += (_, line) =>
        {
            if (line.Type == "error" && !line.Text.Contains("Failed to load resource", StringComparison.Ordinal))
                Errors.Add(line.Text);
        };
        return page;
    }

    /// <summary>What a script or the page's policy complained about.</summary>
    protected List<string> Errors { get; } = [];

    protected static Task KeepAsync(IPage page, string name) => page.ScreenshotAsync(new()
    {
        Path = Path.Combine(Folder(), name + ".png"),
        FullPage = true,
    });

    /// <summary>Fails with every fault of accessibility that axe finds on the page as it is.</summary>
    protected static async Task AssertAccessibleAsync(IPage page, string what)
    {
        var found = await page.RunAxe();
        var faults = found.Violations.Select(fault =>
            $"{what}: {fault.Id}, {fault.Help}: {string.Join(", ", fault.Nodes.Select(node => node.Html))}");
        var told = string.Join('\n', faults);
        Assert.True(told.Length == 0, told);
    }

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Without script, by loading again.</summary>
    protected static async Task ReadUntilAsync(IPage page, string where, string text)
    {
        var home = new Uri(new Uri(page.Url), "/").ToString();
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < Patience;)
        {
            await page.GotoAsync(home);
            if (await page.Locator(where).CountAsync() > 0
                && (await page.Locator(where).First.TextContentAsync())!.Contains(text, StringComparison.Ordinal))
                return;
        }
    }

    /// <summary>The heading says it, with script by itself.</summary>
    protected static async Task SeenAsync(IPage page, bool script, string heading)
    {
        if (!script)
            await ReadUntilAsync(page, "h1", heading);
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync(heading);
    }

    protected static string Folder()
    {
        var mine = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory); // …/bin/PROJECT/CONFIGURATION
        return Path.GetFullPath(Path.Combine(mine, "..", "..", "..", "screenshots"));
    }
}

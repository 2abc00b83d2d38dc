using Microsoft.Playwright;
using Xunit;

namespace Relay.Scenarios.Dashboard;

/// <summary>The real browser, Debian's: RELAY_CHROMIUM names it, and ./build test installs it. Without one the test skips and says
/// so.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    private static string? Program =>
        Environment.GetEnvironmentVariable("RELAY_CHROMIUM") is { Length: > 0 } named ? named : Usual.FirstOrDefault(File.Exists);

    public async ValueTask InitializeAsync()
    {
        if (Program is not { } program)
            return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program });
    }

    /// <summary>A browser of its own, with no cookie of another.</summary>
    public Task<IBrowserContext> NewAsync(BrowserNewContextOptions options)
    {
        Assert.SkipWhen(_browser is null, "there is no Chromium: ./build test installs it, RELAY_CHROMIUM names one");
        return _browser!.NewContextAsync(options);
    }

    public async ValueTask DisposeAsync()
    {
        await (_browser?.DisposeAsync() ?? default);
        _playwright?.Dispose();
    }
}

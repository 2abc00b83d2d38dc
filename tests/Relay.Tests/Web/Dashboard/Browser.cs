using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Dashboard;

/// <summary>What a browser does with the operator's page, by plain requests: it keeps its cookies and sends no bearer.</summary>
internal sealed partial class Browser(RunningRelay relay) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        BaseAddress = relay.Client.BaseAddress,
    };

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>As it is sent: name=value.</summary>
    public string? Cookie { get; set; }

    /// <summary>Of the last answer, with its attributes.</summary>
    public string? SetCookie { get; private set; }

    /// <summary>Where the last answer leads.</summary>
    public string? Location { get; private set; }

    public static async Task<string> LinkAsync(RunningRelay relay)
    {
        var (status, made) = await relay.SendAsync(HttpMethod.Post, "/sign-ins", new { });
        Assert.Equal(HttpStatusCode.OK, status);
        return (string)made["path"]!;
    }

    public static async Task<Browser> SignedInAsync(RunningRelay relay)
    {
        var browser = new Browser(relay);
        var (status, _) = await browser.SendAsync(HttpMethod.Get, await LinkAsync(relay));
        Assert.Equal(HttpStatusCode.SeeOther, status);
        return browser;
    }

    public async Task<(HttpStatusCode Status, string Body)> SendAsync(
        HttpMethod method, string path, Dictionary<string, string>? form = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("Accept", "text/html");
        if (Cookie is not null)
            request.Headers.TryAddWithoutValidation("Cookie", Cookie);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (form is not null)
            request.Content = new FormUrlEncodedContent(form);
        using var response = await _http.SendAsync(request, CancellationToken);
        Location = response.Headers.Location?.ToString();
        SetCookie = response.Headers.TryGetValues("Set-Cookie", out var set) ? set.Single() : null;
        if (SetCookie is not null)
            Cookie = SetCookie.Split(';')[0];
        return (response.StatusCode, await response.Content.ReadAsStringAsync(CancellationToken));
    }

    public Task<(HttpStatusCode Status, string Body)> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, form: null, headers);

    /// <summary>What the page's own forms carry.</summary>
    public async Task<string> FormTokenAsync()
    {
        var (_, page) = await GetAsync("/");
        return FormToken().Match(page).Groups[1].Value;
    }

    /// <summary>Sends a form as the page would; a name may come several times.</summary>
    public async Task<(HttpStatusCode Status, string Body)> SubmitAsync(string path, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.TryAddWithoutValidation("Accept", "text/html");
        request.Headers.TryAddWithoutValidation("Cookie", Cookie);
        request.Content = new FormUrlEncodedContent(
            fields.Append(("form", await FormTokenAsync())).Select(field => KeyValuePair.Create(field.Item1, field.Item2)));
        using var response = await _http.SendAsync(request, CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(CancellationToken));
    }

    /// <summary>The page once it shows something; after all patience, as it is then.</summary>
    public async Task<string> ReadUntilAsync(string path, string shown)
    {
        var page = "";
        await Until.TrueAsync(
            async () => (page = (await GetAsync(path)).Body).Contains(shown, StringComparison.Ordinal), $"{shown} on {path}");
        return page;
    }

    public async Task<JsonArray> SignInsAsync() =>
        JsonNode.Parse(await relay.Client.GetStringAsync("/sign-ins", CancellationToken))!.AsArray();

    public void Dispose() => _http.Dispose();

    [GeneratedRegex("name=\"form\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();
}

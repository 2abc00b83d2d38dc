using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Configuration;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Http;

/// <summary>Requests with a connection's token.</summary>
internal sealed class Connected(RunningRelay relay, string token)
{
    public string Token => token;

    public static ConnectionBook Book(RunningRelay relay) => new(relay.Home, TimeProvider.System);

    public static async Task<Connected> AsAsync(RunningRelay relay, string name) =>
        new(relay, (await Book(relay).OpenAsync(name, folder: null, TestContext.Current.CancellationToken)).Token);

    public async Task<(HttpStatusCode Status, JsonObject Body)> SendAsync(
        HttpMethod method, string path, object? body = null, string? session = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (session is not null)
            request.Headers.TryAddWithoutValidation("X-Relay-Session", session);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null)
            request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var response = await relay.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (response.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text)!.AsObject() : []);
    }

    public async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, object? body = null, string? session = null)
    {
        var (status, problem) = await SendAsync(method, path, body, session);
        if (status is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)
            Assert.Equal((int)status, (int?)problem["status"]);
        return status;
    }
}

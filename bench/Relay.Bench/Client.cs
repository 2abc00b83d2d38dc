using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>The relay's HTTP side as a client uses it: the status pages, and Claude Code's hooks.</summary>
internal sealed class Client : IDisposable
{
    private readonly HttpClient _http;

    public Client(Uri relay)
    {
        _http = new HttpClient { BaseAddress = relay, Timeout = Bed.Limit };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ScenarioHome.OperatorToken);
    }

    /// <summary>How long each of so many requests took, one after the other, after one that does not count.</summary>
    public async Task<Samples> TimeAsync(string path, int requests, CancellationToken cancellationToken)
    {
        await GetAsync(path, cancellationToken);
        var samples = new Samples();
        for (var request = 0; request < requests; request++)
        {
            var started = Stopwatch.GetTimestamp();
            await GetAsync(path, cancellationToken);
            samples.Add(started, Stopwatch.GetTimestamp());
        }
        return samples;
    }

    public async Task<string> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync(path, cancellationToken);
        return await response.Content.ReadAsStringAsync(cancellationToken);
    }

    /// <summary>An event of one Claude Code session, in relay mode: a stop is held until the advisor's reply and answered with
    /// it.</summary>
    public async Task<string> HookAsync(string name, string agent, string session, string? says, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "hooks/claude-code")
        {
            Content = JsonContent.Create(
                new { hook_event_name = name, session_id = agent, cwd = "/tmp", prompt_id = "1", last_assistant_message = says }),
        };
        request.Headers.Add("X-Relay-Session", session);
        request.Headers.Add("X-Relay-Mode", "relay");
        request.Headers.Add("X-Relay-Block-Cap", "1000000");
        using var response = await _http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync(cancellationToken);
    }

    public void Dispose() => _http.Dispose();
}

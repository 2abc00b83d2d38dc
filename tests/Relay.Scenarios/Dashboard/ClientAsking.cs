using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Dashboard;

/// <summary>Asks as the client of a session does, and waits for the operator's decision.</summary>
internal static class ClientAsking
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public static async Task<string> AskAsync(RelayProcess relay, string tool, object input, params object[] suggestions)
    {
        using var http = new HttpClient { BaseAddress = relay.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ScenarioHome.OperatorToken);
        http.DefaultRequestHeaders.Add("X-Relay-Session", "shop");
        using var answer = await http.PostAsJsonAsync(
            "/hooks/claude-code",
            new
            {
                hook_event_name = "PermissionRequest",
                session_id = "0c8f2b11-3f7e-4f0e-9d6a-3f9f4f9a0a9e",
                cwd = "/projects/shop",
                tool_name = tool,
                tool_input = input,
                permission_suggestions = suggestions,
            },
            CancellationToken);
        return await answer.Content.ReadAsStringAsync(CancellationToken);
    }

    public static async Task<JsonElement> DecidedAsync(Task<string> asked) =>
        Decided(await asked.WaitAsync(TimeSpan.FromSeconds(30), CancellationToken));

    public static JsonElement Decided(string answer)
    {
        using var json = JsonDocument.Parse(answer);
        return json.RootElement.GetProperty("hookSpecificOutput").GetProperty("decision").Clone();
    }
}

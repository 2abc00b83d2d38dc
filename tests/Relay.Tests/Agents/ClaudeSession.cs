using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents;

/// <summary>A Claude Code session as the relay sees it: it posts what the hooks of a session post.</summary>
internal sealed class ClaudeSession(RunningRelay relay, string id, string? folder = "/projects/shop")
{
    /// <summary>The header X-Relay-Session.</summary>
    public string? Name { get; init; }

    /// <summary>The header X-Relay-Mode.</summary>
    public string? Mode { get; init; }

    /// <summary>The operator's unless given.</summary>
    public string? Token { get; init; }

    public string Prompt { get; set; } = "prompt-1";

    /// <summary>Further headers.</summary>
    public Dictionary<string, string> Headers { get; } = [];

    public string Id => id;

    public async Task<(HttpStatusCode Status, JsonObject Body)> PostAsync(string body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/claude-code");
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (Token is not null)
            request.Headers.Authorization = new("Bearer", Token);
        if (Name is not null)
            request.Headers.Add("X-Relay-Session", Name);
        if (Mode is not null)
            request.Headers.Add("X-Relay-Mode", Mode);
        foreach (var (name, value) in Headers)
            request.Headers.Add(name, value);
        using var response = await relay.Client.SendAsync(request, cancellationToken);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!.AsObject());
    }

    /// <summary>Posts an event and expects status 200. <paramref name="fields"/> are added to the fields that every event has.</summary>
    public async Task<JsonObject> HookAsync(string name, object? fields = null, CancellationToken? cancellationToken = null)
    {
        var (status, body) = await PostAsync(Event(name, fields), cancellationToken ?? TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, status);
        return body;
    }

    public string Event(string name, object? fields = null)
    {
        var json = new JsonObject
        {
            ["hook_event_name"] = name,
            ["session_id"] = id,
            ["prompt_id"] = Prompt,
            ["transcript_path"] = "/t.jsonl",
            ["permission_mode"] = "default",
        };
        if (folder is not null)
            json["cwd"] = folder;
        foreach (var (key, value) in JsonSerializer.SerializeToNode(fields ?? new { })!.AsObject().ToList())
            json[key] = value?.DeepClone();
        return json.ToJsonString();
    }

    public Task<JsonObject> StopAsync(string said, CancellationToken? cancellationToken = null) =>
        HookAsync("Stop", new { last_assistant_message = said, stop_hook_active = false }, cancellationToken);

    /// <summary>The text with which the session goes on after a Stop; null when it stops. It stands in an instruction of the hook's own.
    /// </summary>
    public static string? GoesOnWith(JsonObject answer)
    {
        if ((string?)answer["decision"] != "block")
            return null;
        var reason = (string)answer["reason"]!;
        Assert.StartsWith("Go on", reason, StringComparison.Ordinal);
        return reason.StartsWith("Go on: ", StringComparison.Ordinal)
            ? reason["Go on: ".Length..]
            : reason[(reason.IndexOf(":\n\n", StringComparison.Ordinal) + 3)..];
    }

    /// <summary>What the answer to an event adds to the model's context; null when it adds nothing.</summary>
    public async Task<string?> ContextAsync(string name) => (string?)(await HookAsync(name))["hookSpecificOutput"]?["additionalContext"];

    public Task<JsonObject> AskPermissionAsync(string tool, object input, CancellationToken? cancellationToken = null) =>
        HookAsync("PermissionRequest", new { tool_name = tool, tool_input = input }, cancellationToken);

    public async Task<(HttpStatusCode Status, string Text)> WaitAsync(CancellationToken? cancellationToken = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/agents/{id}/wait");
        foreach (var (name, value) in Headers)
            request.Headers.Add(name, value);
        if (Token is not null)
            request.Headers.Authorization = new("Bearer", Token);
        using var response = await relay.Client.SendAsync(request, cancellationToken ?? TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}

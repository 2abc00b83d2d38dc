using System.Text.Json.Nodes;

namespace Relay.Tests.Loopback;

/// <summary>Makes request bodies for the tests of the stand-ins. A token of a text has 4 ASCII characters.</summary>
internal static class PromptBody
{
    public const string Model = "claude-opus-5-5";

    public static JsonObject Of(JsonArray? system, params JsonObject[] messages)
    {
        var body = new JsonObject { ["model"] = Model, ["max_tokens"] = 1_024, ["messages"] = new JsonArray(messages) };
        if (system is not null)
            body["system"] = system;
        return body;
    }

    public static JsonObject Message(string role, params JsonObject[] blocks) =>
        new() { ["role"] = role, ["content"] = new JsonArray(blocks) };

    public static JsonObject User(string text) => new() { ["role"] = "user", ["content"] = text };

    public static JsonObject Assistant(string text) => new() { ["role"] = "assistant", ["content"] = text };

    /// <summary>A text block. If <paramref name="ttl"/> is null, it has no cache marker.</summary>
    public static JsonObject Block(string text, string? ttl = null)
    {
        var block = new JsonObject { ["type"] = "text", ["text"] = text };
        if (ttl is not null)
            block["cache_control"] = new JsonObject { ["type"] = "ephemeral", ["ttl"] = ttl };
        return block;
    }

    public static string Tokens(int count, char letter) => new(letter, count * 4);
}

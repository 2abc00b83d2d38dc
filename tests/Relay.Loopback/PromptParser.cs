using System.Text;
using System.Text.Json;

namespace Relay.Loopback;

/// <summary>The parts of a body. The parser accepts everything; <see cref="RequestValidation"/> finds the faults.</summary>
/// <param name="Root">Undefined if the body is not JSON.</param>
/// <param name="MessagesSeed">Settings outside the blocks. If one of them changes, the cached messages are not used.</param>
internal sealed record ParsedPrompt(
    JsonElement Root, string Model, bool Stream, int? MaxTokens, IReadOnlyList<PromptBlock> Blocks,
    IReadOnlyList<AdvisorTurn> Turns, CacheLifetime? AutomaticCache, string MessagesSeed)
{
    public int PromptTokens => Blocks.Sum(block => block.Tokens);
}

internal static class PromptParser
{
    private static readonly string[] MessagesCacheSettings = ["tool_choice", "thinking", "speed"];

    public static ParsedPrompt Parse(ReadOnlyMemory<byte> body)
    {
        var root = ParseJson(body);
        if (root.ValueKind != JsonValueKind.Object)
            return new ParsedPrompt(default, "", false, null, [], [], null, "");

        var messages = Elements(root, "messages");
        var contents = messages.Select((message, position) => MessageBlocks(message, position).ToArray()).ToArray();
        return new ParsedPrompt(
            root,
            Text(root, "model"),
            Property(root, "stream").ValueKind == JsonValueKind.True,
            Property(root, "max_tokens") is { ValueKind: JsonValueKind.Number } max && max.TryGetInt32(out var tokens) ? tokens : null,
            [.. Tools(root), .. SystemBlocks(root), .. contents.SelectMany(blocks => blocks)],
            [.. messages.Zip(contents, Turn)],
            Marker(root),
            string.Join('|', MessagesCacheSettings.Select(name => Raw(root, name)).Append(Raw(Property(root, "output_config"), "effort"))));
    }

    private static JsonElement ParseJson(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body).RootElement; // Not disposed of, because the prompt keeps the element.
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static IEnumerable<PromptBlock> Tools(JsonElement root) =>
        Elements(root, "tools").Select((tool, index) => Block(PromptSection.Tools, $"tools.{index}", "", tool));

    private static IEnumerable<PromptBlock> SystemBlocks(JsonElement root) => Content(root, "system")
        .Select((block, index) => Block(PromptSection.System, $"system.{index}", "", block));

    private static IEnumerable<PromptBlock> MessageBlocks(JsonElement message, int position) => Content(message, "content")
        .Select((block, index) => Block(PromptSection.Messages, $"messages.{position}.content.{index}", Text(message, "role"), block));

    private static PromptBlock Block(PromptSection section, string path, string role, JsonElement block)
    {
        if (block.ValueKind == JsonValueKind.String)
            return new PromptBlock(section, path, role, "text", block.GetString()!, Marker: null);

        var type = Text(block, "type");
        var isText = type == "text" && section != PromptSection.Tools;
        return new PromptBlock(section, path, role, type, isText ? Text(block, "text") : WithoutMarker(block), Marker(block));
    }

    private static AdvisorTurn Turn(JsonElement message, PromptBlock[] blocks) => new(
        Text(message, "role"), string.Join('\n', blocks.Where(block => block.Type == "text").Select(block => block.Text)))
    {
        IsEmpty = blocks.Length == 0,
    };

    private static JsonElement[] Content(JsonElement owner, string name)
    {
        var content = Property(owner, name);
        return content.ValueKind == JsonValueKind.String ? [content] : Elements(owner, name);
    }

    private static JsonElement[] Elements(JsonElement owner, string name)
    {
        var value = Property(owner, name);
        return value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [];
    }

    private static CacheLifetime? Marker(JsonElement owner)
    {
        var marker = Property(owner, "cache_control");
        if (marker.ValueKind != JsonValueKind.Object)
            return null;

        return Text(marker, "ttl") == "1h" ? CacheLifetime.OneHour : CacheLifetime.FiveMinutes;
    }

    private static string WithoutMarker(JsonElement block)
    {
        if (block.ValueKind != JsonValueKind.Object)
            return block.GetRawText();

        var text = new StringBuilder();
        var properties = block.EnumerateObject().Where(property => !property.NameEquals("cache_control"));
        foreach (var property in properties.OrderBy(property => property.Name, StringComparer.Ordinal))
            text.Append(property.Name).Append(':').Append(property.Value.GetRawText()).Append(',');
        return text.ToString();
    }

    internal static JsonElement Property(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) ? value : default;

    internal static string Text(JsonElement owner, string name)
    {
        var value = Property(owner, name);
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
    }

    private static string Raw(JsonElement owner, string name)
    {
        var value = Property(owner, name);
        return value.ValueKind == JsonValueKind.Undefined ? "" : value.GetRawText();
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Relay.Loopback;

/// <summary>The JSON of ntfy: how a message is published, what is refused, and how a message is sent to subscribers.</summary>
internal static partial class NtfyMessage
{
    /// <summary>Of the JSON of a publish, as it is sent.</summary>
    public const int MaximumRequestBytes = 8_192;

    private const int MaximumMessageBytes = 4_096;
    private const int MaximumTitleBytes = 1_024;
    private const int MaximumTagsBytes = 512;
    private const int MaximumActions = 3;

    /// <summary>Checks only the shape; <see cref="FindFault"/> checks the limits.</summary>
    public static (Page? Page, NtfyError? Error) Read(string body, string? authorization, DateTimeOffset arrivedAt, long arrivedTicks)
    {
        JsonElement json;
        try
        {
            using var document = JsonDocument.Parse(body);
            json = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return (null, NtfyError.MessageJsonInvalid);
        }
        if (json.ValueKind != JsonValueKind.Object)
            return (null, NtfyError.MessageJsonInvalid);

        var tags = PromptParser.Property(json, "tags");
        var priority = PromptParser.Property(json, "priority");
        return (new Page(
            Id: "", "message", PromptParser.Text(json, "topic"), PromptParser.Text(json, "sequence_id"),
            PromptParser.Text(json, "title"), PromptParser.Text(json, "message"),
            priority.ValueKind == JsonValueKind.Number ? priority.GetInt32() : 3,
            tags.ValueKind == JsonValueKind.Array ? [.. tags.EnumerateArray().Select(tag => tag.ToString())] : [],
            PromptParser.Text(json, "click") is { Length: > 0 } click ? click : null,
            PromptParser.Property(json, "actions"), authorization, arrivedAt, arrivedTicks), null);
    }

    public static NtfyError? FindFault(Page page)
    {
        if (!TopicName().IsMatch(page.Topic))
            return NtfyError.TopicInvalid;
        if (page.Priority is < 1 or > 5)
            return NtfyError.PriorityInvalid;
        if (page.Actions.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null) && !AreActions(page.Actions))
            return NtfyError.ActionsInvalid;
        if (Encoding.UTF8.GetByteCount(page.Message) > MaximumMessageBytes)
            return NtfyError.AttachmentsDisallowed; // A longer message becomes an attachment, which a server may refuse.
        if (Encoding.UTF8.GetByteCount(page.Title) > MaximumTitleBytes)
            return NtfyError.TitleTooLong;
        return Encoding.UTF8.GetByteCount(string.Join(',', page.Tags)) > MaximumTagsBytes ? NtfyError.TagsTooLong : null;
    }

    /// <summary>Three at most, each with a label and an absolute address; a view has no body.</summary>
    private static bool AreActions(JsonElement actions) =>
        actions.ValueKind == JsonValueKind.Array && actions.GetArrayLength() <= MaximumActions
        && actions.EnumerateArray().All(action =>
            PromptParser.Text(action, "action") is "view" or "http" or "broadcast"
            && PromptParser.Text(action, "label").Length > 0
            && (PromptParser.Text(action, "action") == "broadcast"
                || Uri.TryCreate(PromptParser.Text(action, "url"), UriKind.Absolute, out _)));

    public static string Write(Page page)
    {
        var json = new JsonObject
        {
            ["id"] = page.Id,
            ["time"] = page.ArrivedAt.ToUnixTimeSeconds(),
            ["expires"] = page.ArrivedAt.AddHours(12).ToUnixTimeSeconds(),
            ["event"] = page.Event,
            ["topic"] = page.Topic,
            ["sequence_id"] = page.SequenceId,
        };
        if (page.Title.Length > 0)
            json["title"] = page.Title;
        if (page.Event == "message")
            json["message"] = page.Message.Length > 0 ? page.Message : "triggered";
        if (page.Priority != 3)
            json["priority"] = page.Priority;
        if (page.Tags.Count > 0)
            json["tags"] = new JsonArray([.. page.Tags.Select(tag => JsonValue.Create(tag))]);
        if (page.Click is not null)
            json["click"] = page.Click;
        if (page.Encoding is not null)
            json["encoding"] = page.Encoding;
        if (page.File is not null)
            json["attachment"] = new JsonObject { ["name"] = page.File, ["url"] = $"https://ntfy.example.org/file/{page.Id}.txt" };
        if (page.Actions.ValueKind == JsonValueKind.Array)
            json["actions"] = JsonNode.Parse(page.Actions.GetRawText());
        return json.ToJsonString();
    }

    /// <summary>Writes an event without content: "open" or "keepalive".</summary>
    public static string WriteBare(string @event, string topic, int number, DateTimeOffset now) => new JsonObject
    {
        ["id"] = Id(@event[..1], number),
        ["time"] = now.ToUnixTimeSeconds(),
        ["event"] = @event,
        ["topic"] = topic,
    }.ToJsonString();

    public static string Id(string kind, int number) => string.Create(CultureInfo.InvariantCulture, $"{kind}{number:D11}");

    [GeneratedRegex("^[-_A-Za-z0-9]{1,64}$")]
    private static partial Regex TopicName();
}

internal sealed record NtfyError(int Code, int Status, string Message)
{
    public static readonly NtfyError PriorityInvalid = new(40007, 400, "invalid priority parameter");
    public static readonly NtfyError SinceInvalid = new(40008, 400, "invalid since parameter");
    public static readonly NtfyError TopicInvalid = new(40009, 400, "invalid request: topic invalid");
    public static readonly NtfyError AttachmentsDisallowed = new(40014, 400, "invalid request: attachments not allowed");
    public static readonly NtfyError MessageJsonInvalid = new(40017, 400, "invalid request: request body must be message JSON");
    public static readonly NtfyError ActionsInvalid = new(40018, 400, "invalid request: actions invalid");
    public static readonly NtfyError TitleTooLong = new(40057, 400, "invalid request: title too long");
    public static readonly NtfyError TagsTooLong = new(40058, 400, "invalid request: tags too long");
    public static readonly NtfyError Unauthorized = new(40101, 401, "unauthorized");
    public static readonly NtfyError Forbidden = new(40301, 403, "forbidden");
    public static readonly NtfyError NotFound = new(40401, 404, "page not found");

    public static readonly NtfyError DailyQuota = new(42908, 429, "limit reached: daily message quota reached");
    public static readonly NtfyError RequestTooLarge = new(41303, 413, "JSON body too large");

    public static NtfyError Of(int status) => status switch
    {
        401 => Unauthorized,
        403 => Forbidden,
        404 => NotFound,
        429 => new NtfyError(42901, 429, "limit reached: too many requests, please be nice"),
        >= 500 => new NtfyError(50001, status, "internal server error"),
        _ => new NtfyError(status * 100, status, "invalid request"),
    };

    public string Body => new JsonObject { ["code"] = Code, ["http"] = Status, ["error"] = Message }.ToJsonString();
}

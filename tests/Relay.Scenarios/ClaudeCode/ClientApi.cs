using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>One request that a Claude Code session sends to its model.</summary>
/// <param name="Number">Counts the requests of the session, from 1.</param>
/// <param name="Session">The client's id of the session.</param>
/// <param name="Tools">The names of the tools.</param>
/// <param name="Messages">The whole conversation.</param>
internal sealed record ClientTurn(int Number, string Session, IReadOnlyList<string> Tools, JsonArray Messages)
{
    /// <summary>Everything since the model's last answer: prompts, tool results, and what hooks added.</summary>
    public string News
    {
        get
        {
            var news = Messages.Reverse().TakeWhile(message => (string?)message!["role"] != "assistant").Reverse();
            return string.Join('\n', news.Select(message => Text(message!["content"])));
        }
    }

    public string Everything => string.Join('\n', Messages.Select(message => Text(message!["content"])));

    /// <summary>The name that this client gives to a tool of the relay.</summary>
    public string ToolNamed(string name) =>
        Tools.FirstOrDefault(tool => tool.EndsWith("__" + name, StringComparison.Ordinal)) ?? "absent_" + name;

    private static string Text(JsonNode? content) => content switch
    {
        JsonValue text => text.GetValue<string>(),
        JsonArray blocks => string.Join('\n', blocks.Select(block => (string?)block!["text"] ?? Text(block["content"]))),
        _ => "",
    };
}

/// <summary>The model's answer: a text or the use of a tool.</summary>
internal abstract record ClientReply
{
    private ClientReply() { }
    public sealed record Says(string Text) : ClientReply;

    /// <summary>The request is refused, for good.</summary>
    public sealed record Fails(string Error) : ClientReply;

    public sealed record Uses(string Tool, JsonObject Input, string? Id = null) : ClientReply;
}

/// <summary>A stand-in for the Messages API that the Claude Code client calls. It streams the replies of a script.
/// Requests without tools are not part of the script: the client sends them for work of its own, such as titles.</summary>
internal sealed class ClientApi : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly Func<ClientTurn, ClientReply> _script;
    private readonly List<ClientTurn> _turns = [];

    private ClientApi(WebApplication host, Func<ClientTurn, ClientReply> script)
    {
        _host = host;
        _script = script;
    }

    public Uri Address => new(_host.Urls.Single());

    public IReadOnlyList<ClientTurn> Turns
    {
        get
        {
            lock (_turns)
                return _turns.ToArray();
        }
    }

    public static async Task<ClientApi> StartAsync(Func<ClientTurn, ClientReply> script)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var api = new ClientApi(builder.Build(), script);
        api._host.Run(api.HandleAsync);
        await api._host.StartAsync();
        return api;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Method != "POST" || !context.Request.Path.StartsWithSegments("/v1/messages"))
        {
            context.Response.StatusCode = context.Request.Method == "HEAD" ? 200 : 404;
            return;
        }
        var body = (JsonObject)(await JsonNode.ParseAsync(context.Request.Body))!;
        if (context.Request.Path.Value!.EndsWith("count_tokens", StringComparison.Ordinal))
        {
            await context.Response.WriteAsync("""{"input_tokens":100}""");
            return;
        }
        await new ClientStream(context.Response, (string?)body["model"] ?? "model").WriteAsync(Reply(context, body));
    }

    private ClientReply Reply(HttpContext context, JsonObject body)
    {
        if (body["tools"] is not JsonArray { Count: > 0 } tools)
            return new ClientReply.Says("{\"title\":\"a title\"}");
        var session = context.Request.Headers["x-claude-code-session-id"].ToString();
        ClientTurn turn;
        lock (_turns)
        {
            var number = _turns.Count(before => before.Session == session) + 1;
            var names = tools.Select(tool => (string?)tool!["name"] ?? "").ToList();
            turn = new ClientTurn(number, session, names, (JsonArray)body["messages"]!.DeepClone());
            _turns.Add(turn);
        }
        return _script(turn);
    }
}

/// <summary>Writes one reply as an event stream of the Messages API.</summary>
internal sealed class ClientStream(HttpResponse response, string model)
{
    private static int _uses;

    public async Task WriteAsync(ClientReply reply)
    {
        if (reply is ClientReply.Fails fails)
        {
            response.StatusCode = StatusCodes.Status400BadRequest;
            var error = new JsonObject { ["type"] = "invalid_request_error", ["message"] = fails.Error };
            await response.WriteAsJsonAsync(new JsonObject { ["type"] = "error", ["error"] = error });
            return;
        }
        response.ContentType = "text/event-stream; charset=utf-8";
        await EventAsync(new JsonObject
        {
            ["type"] = "message_start",
            ["message"] = new JsonObject
            {
                ["id"] = "msg_" + ((reply as ClientReply.Uses)?.Id ?? NextUse()), // The client takes two messages of one id for one.
                ["type"] = "message",
                ["role"] = "assistant",
                ["content"] = new JsonArray(),
                ["model"] = model,
                ["stop_reason"] = null,
                ["stop_sequence"] = null,
                ["usage"] = Usage(),
            },
        });
        await BlockAsync(reply);
        await EventAsync(new JsonObject
        {
            ["type"] = "message_delta",
            ["delta"] = new JsonObject { ["stop_reason"] = reply is ClientReply.Uses ? "tool_use" : "end_turn", ["stop_sequence"] = null },
            ["usage"] = Usage(),
        });
        await EventAsync(new JsonObject { ["type"] = "message_stop" });
    }

    private async Task BlockAsync(ClientReply reply)
    {
        var (block, delta) = reply switch
        {
            ClientReply.Says says => (
                new JsonObject { ["type"] = "text", ["text"] = "" },
                new JsonObject { ["type"] = "text_delta", ["text"] = says.Text }),
            ClientReply.Uses uses => (
                new JsonObject { ["type"] = "tool_use", ["id"] = uses.Id ?? NextUse(), ["name"] = uses.Tool, ["input"] = new JsonObject() },
                new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = uses.Input.ToJsonString() }),
            _ => throw new InvalidOperationException(),
        };
        await EventAsync(new JsonObject { ["type"] = "content_block_start", ["index"] = 0, ["content_block"] = block });
        await EventAsync(new JsonObject { ["type"] = "content_block_delta", ["index"] = 0, ["delta"] = delta });
        await EventAsync(new JsonObject { ["type"] = "content_block_stop", ["index"] = 0 });
    }

    private static string NextUse() => string.Create(CultureInfo.InvariantCulture, $"toolu_{Interlocked.Increment(ref _uses):D20}");

    private static JsonObject Usage() => new()
    {
        ["input_tokens"] = 100,
        ["output_tokens"] = 10,
        ["cache_creation_input_tokens"] = 0,
        ["cache_read_input_tokens"] = 0,
    };

    private Task EventAsync(JsonObject content) =>
        response.WriteAsync($"event: {content["type"]}\ndata: {content.ToJsonString(new JsonSerializerOptions())}\n\n");
}

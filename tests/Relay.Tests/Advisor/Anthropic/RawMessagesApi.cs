using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Relay.Tests.Advisor.Anthropic;

/// <summary>A server for answers that the API should never give: the test writes the bytes itself.</summary>
internal sealed class RawMessagesApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _requests;

    private RawMessagesApi(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    public int Requests => Volatile.Read(ref _requests);

    public static async Task<RawMessagesApi> StartAsync(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        var api = new RawMessagesApi(builder.Build());
        api._app.Run(context =>
        {
            Interlocked.Increment(ref api._requests);
            return answer(context);
        });
        await api._app.StartAsync();
        return api;
    }

    /// <summary>Writes the events of a stream and flushes each.</summary>
    public static Task<RawMessagesApi> StreamAsync(params IEnumerable<string> events) => StartAsync(async context =>
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var data in events)
            await SendEventAsync(context, data);
    });

    public static async Task SendEventAsync(HttpContext context, string data)
    {
        var type = System.Text.Json.Nodes.JsonNode.Parse(data)!["type"];
        await context.Response.WriteAsync($"event: {type}\ndata: {data}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <summary>The events of a stream, as the API writes them.</summary>
internal static class Sse
{
    public const string Ping = """{"type":"ping"}""";
    public const string Stop = """{"type":"message_stop"}""";

    public const string Start =
        """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[]"""
        + ""","model":"claude-opus-5-5","stop_reason":null,"stop_sequence":null"""
        + ""","usage":{"input_tokens":25,"cache_creation_input_tokens":300,"cache_read_input_tokens":7000"""
        + ""","cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":300}"""
        + ""","output_tokens":1,"service_tier":"standard"}}}""";

    public static string BlockStart(int index) =>
        $$$"""{"type":"content_block_start","index":{{{index}}},"content_block":{"type":"text","text":""}}""";

    public static string Text(int index, string text) =>
        $$$"""{"type":"content_block_delta","index":{{{index}}},"delta":{"type":"text_delta","text":"{{{text}}}"}}""";

    public static string BlockStop(int index) => $$"""{"type":"content_block_stop","index":{{index}}}""";

    public static string End(string stopReason, int outputTokens = 15) =>
        $$$"""{"type":"message_delta","delta":{"stop_reason":"{{{stopReason}}}","stop_sequence":null}"""
        + $$$""","usage":{"output_tokens":{{{outputTokens}}}}}""";
}

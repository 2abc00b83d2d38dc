using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Relay.Scenarios.Harness;

/// <summary>A Messages API that reads each request to its end, keeps nothing of it and says the same each time: for requests that are many
/// or large.</summary>
internal sealed class DrainingApi : IAsyncDisposable
{
    private static readonly byte[] Answer = Encoding.UTF8.GetBytes(string.Concat(
        Event("message_start", """
            "message":{"id":"m","type":"message","role":"assistant","model":"claude-opus-5-5","content":[],"stop_reason":null,
            "stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}
            """),
        Event("content_block_start", """ "index":0,"content_block":{"type":"text","text":""} """),
        Event("content_block_delta", """ "index":0,"delta":{"type":"text_delta","text":"Understood."} """),
        Event("content_block_stop", """ "index":0 """),
        Event("message_delta", """
            "delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":5}
            """),
        Event("message_stop", "")));

    private readonly WebApplication _app;
    private int _count;

    private DrainingApi(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    /// <summary>How many requests were answered.</summary>
    public int Count => Volatile.Read(ref _count);

    public static async Task<DrainingApi> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, port: 0);
        });
        var api = new DrainingApi(builder.Build());
        api._app.Run(api.AnswerAsync);
        await api._app.StartAsync();
        return api;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        Interlocked.Increment(ref _count);
        context.Response.ContentType = "text/event-stream";
        context.Response.ContentLength = Answer.Length;
        await context.Response.Body.WriteAsync(Answer, context.RequestAborted);
    }

    private static string Event(string type, string fields)
    {
        var flat = fields.Replace("\n", "", StringComparison.Ordinal).Trim();
        return $"event: {type}\ndata: {{\"type\":\"{type}\"{(flat.Length > 0 ? "," : "")}{flat}}}\n\n";
    }
}

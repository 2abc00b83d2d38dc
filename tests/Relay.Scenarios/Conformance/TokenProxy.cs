using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Relay.Scenarios.Conformance;

/// <summary>A proxy that adds a connection's token to each request, for clients that cannot send one.
/// Host and Origin are forwarded unchanged. Answers are streamed.</summary>
internal sealed class TokenProxy : IAsyncDisposable
{
    private static readonly string[] NotForwarded =
        ["Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length", "Authorization", "Expect"];

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private readonly WebApplication _app;
    private readonly Uri _relay;
    private readonly string _token;

    private readonly Func<HttpRequest, Task> _before;

    private TokenProxy(Uri relay, string token, Func<HttpRequest, Task>? before)
    {
        _before = before ?? (_ => Task.CompletedTask);
        _relay = relay;
        _token = token;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        _app = builder.Build();
        _app.Run(ForwardAsync);
    }

    public Uri Address => new(_app.Urls.Single());

    /// <param name="relay">To which it forwards.</param>
    /// <param name="token">Of a connection.</param>
    /// <param name="before">What is waited for before a request is forwarded.</param>
    public static async Task<TokenProxy> StartAsync(Uri relay, string token, Func<HttpRequest, Task>? before = null)
    {
        var proxy = new TokenProxy(relay, token, before);
        await proxy._app.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        await _before(context.Request);
        using var request = Copy(context.Request);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
            if (IsForwarded(name))
                context.Response.Headers[name] = values.ToArray();
        await context.Response.StartAsync(context.RequestAborted);
        await using var body = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        var buffer = new byte[16 * 1024];
        for (int read; (read = await body.ReadAsync(buffer, context.RequestAborted)) > 0;)
        {
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private HttpRequestMessage Copy(HttpRequest from)
    {
        var request = new HttpRequestMessage(HttpMethod.Parse(from.Method), new Uri(_relay, from.Path + from.QueryString));
        if (from.ContentLength > 0 || from.Headers.TransferEncoding.Count > 0)
            request.Content = new StreamContent(from.Body);
        foreach (var (name, values) in from.Headers)
            if (IsForwarded(name) && !request.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
                request.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        request.Headers.Add("Authorization", "Bearer " + _token);
        return request;
    }

    private static bool IsForwarded(string header) => !NotForwarded.Contains(header, StringComparer.OrdinalIgnoreCase);
}

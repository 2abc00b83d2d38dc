using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Relay.Cli;

/// <summary>Hands a tool call to the daemon, each by a connection of its own: so one that was down is reached again as soon as it
/// runs.</summary>
internal sealed class McpBridge(HttpClient http, Uri address, string token, string? session) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public void Dispose() => http.Dispose();

    public async ValueTask<CallToolResult> CallAsync(
        RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var isSent = false;
        try
        {
            await using var relay = await ConnectAsync(cancellationToken);
            isSent = true;
            var call = request.Params!;
            var arguments = call.Arguments?.ToDictionary(each => each.Key, each => (object?)each.Value);
            var options = new RequestOptions { Meta = call.Meta };
            return await relay.CallToolAsync(call.Name, arguments, new Progress(request), options, cancellationToken);
        }
        catch (Exception exception) when (
            exception is HttpRequestException or IOException or SocketException or TimeoutException or McpException or JsonException)
        {
            return Fault(isSent, exception);
        }
    }

    private Task<McpClient> ConnectAsync(CancellationToken cancellationToken)
    {
        var headers = new Dictionary<string, string> { ["Authorization"] = "Bearer " + token };
        if (session is not null)
            headers["X-Relay-Session"] = session;
        var transport = new HttpClientTransport(
            new HttpClientTransportOptions
            {
                Endpoint = address,
                TransportMode = HttpTransportMode.StreamableHttp,
                AdditionalHeaders = headers,
                ConnectionTimeout = Patience,
            },
            http);
        return McpClient.CreateAsync(transport, new McpClientOptions { InitializationTimeout = Patience }, null, cancellationToken);
    }

    private static CallToolResult Fault(bool isSent, Exception exception)
    {
        var text = (exception as HttpRequestException)?.StatusCode switch
        {
            HttpStatusCode.Unauthorized => "The relay refuses this session's token. Tell the user: relay token NAME prints one, "
                + "for RELAY_SESSION_TOKEN.",
            HttpStatusCode.Forbidden => "The relay refuses this session's name: its token is for another.",
            _ when exception is McpProtocolException => exception.Message,
            _ when isSent => "The connection to the relay has ended. What was sent is kept if it had arrived: ask the same again, which is "
                + "the same question, or call check_replies.",
            _ => $"The relay is not running ({exception.GetBaseException().Message}). Nothing was sent. Go on without it, and tell the "
                + "user: relay run starts it.",
        };
        return new CallToolResult { Content = [new TextContentBlock { Text = text }], IsError = true };
    }

    /// <summary>What a client gets only if it asked for it.</summary>
    private sealed class Progress(RequestContext<CallToolRequestParams> request) : IProgress<ProgressNotificationValue>
    {
        private Task _last = Task.CompletedTask;

        public void Report(ProgressNotificationValue value)
        {
            if (request.Params?.ProgressToken is { } token)
                _last = SendAsync(_last, token, value);
        }

        private async Task SendAsync(Task before, ProgressToken token, ProgressNotificationValue value)
        {
            await before;
            await request.Server.NotifyProgressAsync(token, value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Relay.Dispatch;

namespace Relay.Cli;

/// <summary>Hands a tool call to the daemon, each by a connection of its own: so one that was down is reached again as soon as it
/// runs.</summary>
internal sealed class McpBridge(HttpClient http, Uri address, string token, string? session) : IDisposable
{
    /// <summary>What a home says that has no relay running.</summary>
    public const string Down = "the relay is not running";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), LongestWriting = TimeSpan.FromSeconds(2);

    /// <summary>Calls whose answers are not known to be written, by their requests.</summary>
    private readonly ConcurrentDictionary<string, Unwritten> _unwritten = new(StringComparer.Ordinal);

    private sealed record Unwritten(McpClient Relay, string Receipt)
    {
        private bool _isBegun;

        public TaskCompletionSource Said { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>True for the first: what is said of an answer is said once.</summary>
        public bool Begins() => !Interlocked.Exchange(ref _isBegun, true);
    }

    public void Dispose() => http.Dispose();

    public async ValueTask<CallToolResult> CallAsync(
        RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var isSent = false;
        McpClient? relay = null;
        try
        {
            await SaidAsync();
            var receipt = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
            relay = await ConnectAsync(receipt, cancellationToken);
            isSent = true;
            var call = request.Params!;
            var arguments = call.Arguments?.ToDictionary(each => each.Key, each => (object?)each.Value);
            var options = new RequestOptions { Meta = call.Meta };
            var result = await relay.CallToolAsync(call.Name, arguments, new Progress(request), options, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested(); // What is cancelled is not answered.
            _unwritten[McpLines.KeyOf(request.JsonRpcRequest.Id.Id)] = new Unwritten(relay, receipt);
            relay = null; // It is kept until the answer is written: by its end the relay would take the call for one that was given up.
            return result;
        }
        catch (Exception exception) when (
            exception is HttpRequestException or IOException or SocketException or TimeoutException or McpException or JsonException)
        {
            return Fault(isSent, exception);
        }
        finally
        {
            if (relay is not null)
                await relay.DisposeAsync();
        }
    }

    /// <summary>An answer was written, or could not be: then what it carried is not lost, but comes again.</summary>
    public Task WrittenAsync(string request, bool isWritten) =>
        _unwritten.TryGetValue(request, out var call) ? SayAsync(request, call, isWritten) : Task.CompletedTask;

    /// <summary>Before the next call, so that the relay knows what this session has.</summary>
    private Task SaidAsync() => Task.WhenAll(_unwritten.Values.Select(call => call.Said.Task))
        .WaitAsync(LongestWriting, TimeProvider.System).ContinueWith(_ => { }, TaskScheduler.Default);

    /// <summary>Whatever is not written by now will not be.</summary>
    public Task EndAsync() => Task.WhenAll(_unwritten.Keys.Select(request => WrittenAsync(request, isWritten: false)));

    private async Task SayAsync(string request, Unwritten call, bool isWritten)
    {
        if (!call.Begins())
        {
            await call.Said.Task;
            return;
        }
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            using var said = new HttpRequestMessage(HttpMethod.Post, new Uri(address, $"receipts/{call.Receipt}"))
            {
                Content = JsonContent.Create(new { taken = isWritten }),
            };
            foreach (var (name, value) in Headers())
                said.Headers.Add(name, value);
            using var answer = await http.SendAsync(said, limit.Token); // One that knows of none has nothing to wait for.
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            // It gives what the answer carried once more: better twice than never.
        }
        _unwritten.TryRemove(new(request, call));
        call.Said.TrySetResult();
        await call.Relay.DisposeAsync();
    }

    private Dictionary<string, string> Headers()
    {
        var headers = new Dictionary<string, string> { ["Authorization"] = "Bearer " + token };
        if (session is not null)
            headers["X-Relay-Session"] = session;
        return headers;
    }

    private Task<McpClient> ConnectAsync(string receipt, CancellationToken cancellationToken)
    {
        var headers = Headers();
        headers[AwaitedReceipts.Header] = receipt;
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
            _ => $"The relay is not running{Why(exception.GetBaseException().Message)}. Nothing was sent. Go on without it, and tell the "
                + "user: relay run starts it.",
        };
        return new CallToolResult { Content = [new TextContentBlock { Text = text }], IsError = true };
    }

    private static string Why(string reason) => reason == Down ? "" : $" ({reason})";

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

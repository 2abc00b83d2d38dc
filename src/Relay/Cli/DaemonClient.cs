using System.Net.Http.Headers;
using System.Text.Json;
using Relay.Configuration;
using Relay.Files;
using Relay.Http;

namespace Relay.Cli;

/// <summary>Sends requests to the daemon of a home, over the socket that state/endpoint.json names and never over TCP: at a port, somebody
/// else may listen while the daemon is down, and would get the operator's token.
/// Whether a daemon runs is told by the lock, which ends with its process; a killed daemon leaves endpoint.json behind.</summary>
internal sealed class DaemonClient(SettingsSource settings, TimeProvider clock) : IDisposable
{
    /// <summary>Larger than any reply that the daemon has taken from the API.</summary>
    private const int LongestAnswer = 4 * Outgoing.LongestReply;

    /// <summary>The operator's, unless a session's command goes by its connection's.</summary>
    public string? SessionToken { get; init; }

    private static readonly Uri Local = new("http://localhost/");

    private readonly HttpClient _http = Outgoing.SocketClient(() => LocalEndpoint.Of(settings.Current.Home)
        ?? throw new IOException("it is starting or stopping"));

    public abstract record Response
    {
        private Response() { }

        /// <summary>An undefined body means that the response was not JSON.</summary>
        public sealed record Received(int Status, JsonElement Body) : Response
        {
            public bool IsOk => Status is >= 200 and < 300;

            /// <summary>What the problem+json says, else the status.</summary>
            public string Detail => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("detail", out var detail)
                ? detail.GetString() ?? $"HTTP {Status}"
                : $"HTTP {Status}";
        }

        public sealed record NotRunning : Response;

        /// <summary>A daemon runs, but no response came.</summary>
        public sealed record Unanswered(string Reason) : Response;
    }

    /// <summary>Null when no daemon runs; 0 when one runs but its id is not known.</summary>
    public int? ProcessId => InstanceLock.RunningProcess(settings.Current.Home.LockFile);

    public void Dispose() => _http.Dispose();

    public Task<Response> GetAsync(string path, TimeSpan timeout, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, content: null, timeout, cancellationToken);

    public Task<Response> PostAsync<T>(string path, T body, TimeSpan timeout, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, JsonContent.Create(body, mediaType: null, Json.Options), timeout, cancellationToken);

    /// <summary>The body of a successful response.</summary>
    /// <exception cref="CommandFailure">The daemon does not run, does not answer, or refuses.</exception>
    public static JsonElement BodyOf(Response response) => response switch
    {
        Response.Received { IsOk: true } received => received.Body,
        Response.Received received => throw new CommandFailure(ExitCode.Failed, received.Detail),
        Response.Unanswered unanswered =>
            throw new CommandFailure(ExitCode.TryLater, $"the daemon runs but does not answer: {unanswered.Reason}"),
        _ => throw NotRunning(),
    };

    public static CommandFailure NotRunning() => new(ExitCode.NotRunning, "the daemon is not running; start it with: relay run");

    private async Task<Response> SendAsync(
        HttpMethod method, string path, HttpContent? content, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (ProcessId is null)
            return new Response.NotRunning();
        using var request = new HttpRequestMessage(method, new Uri(Local, path)) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", SessionToken ?? settings.Current.Secrets.Token);
        using var timedOut = new CancellationTokenSource(timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timedOut.Token, cancellationToken);
        try
        {
            var (answer, body) = await _http.FetchAsync(request, LongestAnswer, either.Token);
            using var response = answer;
            return new Response.Received((int)response.StatusCode, Parse(body));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return ProcessId is null ? new Response.NotRunning() : new Response.Unanswered(exception.GetBaseException().Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Response.Unanswered($"nothing came within {Duration.Write(timeout)}");
        }
    }

    private static JsonElement Parse(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(body);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}

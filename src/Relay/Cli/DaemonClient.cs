using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Files;
using Relay.Http;
using Relay.Operator;

namespace Relay.Cli;

/// <summary>Speaks to the daemon of a home, wherever state/endpoint.json says it listens. The lock tells whether one runs: it dies with the process,
/// while the file may be left by one that was killed.</summary>
internal sealed class DaemonClient(SettingsSource settings, TimeProvider clock) : IDisposable
{
    // No proxy: it is this machine. And a kept connection to a daemon that was restarted would only fail.
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public abstract record Answer
    {
        private Answer() { }

        /// <summary>The body is undefined where it was no JSON.</summary>
        public sealed record Said(int Status, JsonElement Body) : Answer
        {
            public bool IsOk => Status is >= 200 and < 300;

            /// <summary>Of a problem.</summary>
            public string Detail =>
                Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("detail", out var detail) && detail.GetString() is { } text ? text : $"HTTP {Status}";
        }

        public sealed record NotRunning : Answer;

        /// <summary>One runs, and yet there is no answer.</summary>
        public sealed record Silent(string Reason) : Answer;
    }

    /// <summary>Null when no daemon runs; 0 when one does whose id is not known.</summary>
    public int? ProcessId => InstanceLock.RunningProcess(settings.Current.Home.LockFile);

    public void Dispose() => _http.Dispose();

    public Task<Answer> GetAsync(string path, TimeSpan patience, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, content: null, patience, cancellationToken);

    public Task<Answer> PostAsync<T>(string path, T body, TimeSpan patience, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, JsonContent.Create(body, mediaType: null, Json.Options), patience, cancellationToken);

    /// <summary>What the daemon said, when it did and agreed.</summary>
    /// <exception cref="CommandFailure">It does not run, does not answer, or refuses.</exception>
    public static JsonElement Agreed(Answer answer) => answer switch
    {
        Answer.Said { IsOk: true } said => said.Body,
        Answer.Said said => throw new CommandFailure(ExitCode.Failed, said.Detail),
        Answer.Silent silent => throw new CommandFailure(ExitCode.TryLater, $"the daemon runs but does not answer: {silent.Reason}"),
        _ => throw NotRunning(),
    };

    public static CommandFailure NotRunning() => new(ExitCode.NotRunning, "the daemon is not running; start it with: relay run");

    private async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (ProcessId is null)
            return new Answer.NotRunning();
        if (Address() is not { } address)
            return new Answer.Silent("it is starting or stopping");
        using var request = new HttpRequestMessage(method, new Uri(address, path)) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", settings.Current.Secrets.Token);
        using var timeout = new CancellationTokenSource(patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var response = await _http.SendAsync(request, either.Token);
            return new Answer.Said((int)response.StatusCode, Parse(await response.Content.ReadAsByteArrayAsync(either.Token)));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return ProcessId is null ? new Answer.NotRunning() : new Answer.Silent(exception.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Answer.Silent($"nothing came within {patience.TotalSeconds:0} s");
        }
    }

    private Uri? Address()
    {
        try
        {
            using var endpoint = JsonDocument.Parse(File.ReadAllBytes(settings.Current.Home.EndpointFile));
            return new Uri(endpoint.RootElement.GetProperty("url").GetString()!);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or JsonException or KeyNotFoundException or UriFormatException)
        {
            return null;
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

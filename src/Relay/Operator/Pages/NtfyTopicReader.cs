using System.Globalization;
using System.Runtime.CompilerServices;
using Relay.Configuration;

namespace Relay.Operator.Pages;

/// <summary>What the server sent of a topic.</summary>
/// <param name="Id">The server's.</param>
/// <param name="Event">open, keepalive or message.</param>
/// <param name="Message">Its text.</param>
/// <param name="At">When the server took it, by the relay's clock: what was said is compared with when a question was asked.</param>
internal sealed record NtfyLine(string Id, string Event, string Message, DateTimeOffset At)
{
    /// <summary>It was too long to be kept: of its text nothing is known.</summary>
    public bool IsOverlong { get; init; }

    /// <summary>Why its text is not what was said; null where it is.</summary>
    public string? NoWords { get; init; }

    public bool IsMessage => Event == "message" && Id.Length > 0;
}

/// <summary>The server did not let the topic be read.</summary>
internal sealed class TopicUnreadException(string message) : Exception(message);

/// <summary>Reads a topic of the ntfy server: what is there already, or for as long as it sends.</summary>
internal sealed class NtfyTopicReader(HttpClient http, SettingsSource settings, TimeProvider clock)
{
    /// <summary>The server sends a keepalive every 45 s. A connection that died unnoticed, as in a machine's sleep, is not waited on for
    /// longer.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(70), Patience = TimeSpan.FromSeconds(20);

    /// <summary>The server tells whole seconds, and a line takes its time.</summary>
    private static readonly TimeSpan NoDifference = TimeSpan.FromSeconds(5);

    /// <summary>A longer one is read to its end and not kept. One without an end is no line.</summary>
    public const int LongestLine = 64 * 1024;

    private const int LongestSkipped = 16 * 1024 * 1024;

    /// <param name="topic">Which.</param>
    /// <param name="since">An id, or a Unix time. The server sends all it has where it does not know the id.</param>
    /// <param name="poll">Only what is there.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<NtfyLine> ReadAsync(
        string topic, string since, bool poll, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var secrets = settings.Current.Secrets;
        using var request = Request(secrets, topic, since, poll);
        request.Headers.Authorization = NtfyAddress.Authorization(secrets);
        using var response = await WithinAsync(
            Patience, token => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new TopicUnreadException($"HTTP {(int)response.StatusCode}");
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var line = new NtfyLineBuffer(LongestLine, LongestSkipped);
        var ahead = response.Headers.Date is { } date ? clock.GetUtcNow() - date : TimeSpan.Zero;
        var piece = new byte[4096];
        while (await WithinAsync(Silence, token => stream.ReadAsync(piece, token).AsTask(), cancellationToken) is > 0 and var length)
        {
            foreach (var value in piece.AsMemory(0, length).ToArray())
                if (value != '\n')
                    line.Add(value);
                else if (line.Take() is { } read)
                {
                    if (read.Event != "message" && read.At < DateTimeOffset.MaxValue)
                        ahead = clock.GetUtcNow() - read.At; // It is sent when it is made.
                    yield return ahead.Duration() < NoDifference ? read : read with { At = Shifted(read.At, ahead) };
                }
        }
    }

    private static DateTimeOffset Shifted(DateTimeOffset at, TimeSpan by) =>
        at == DateTimeOffset.MaxValue || (by > TimeSpan.Zero && at > DateTimeOffset.MaxValue - by) ? at : at + by;

    /// <summary>By the server's clock; null when it does not say.</summary>
    public async Task<DateTimeOffset?> TimeAsync(string topic, CancellationToken cancellationToken)
    {
        var secrets = settings.Current.Secrets;
        using var request = Request(secrets, topic, "1s", poll: true);
        request.Headers.Authorization = NtfyAddress.Authorization(secrets);
        using var response = await WithinAsync(
            Patience, token => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellationToken);
        return response.IsSuccessStatusCode ? response.Headers.Date : throw new TopicUnreadException($"HTTP {(int)response.StatusCode}");
    }

    /// <summary>Whether somebody without a token may read a topic; null when the server does not say.</summary>
    public async Task<bool?> IsOpenAsync(string topic, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = Request(settings.Current.Secrets, topic, now, poll: true);
        try
        {
            using var response = await WithinAsync(
                Patience, token => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellationToken);
            return (int)response.StatusCode switch { >= 200 and < 300 => true, 401 or 403 => false, _ => null };
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Publishes a text as a button of a page does, and silently.</summary>
    /// <returns>Why it was not taken; null when it was.</returns>
    public async Task<string?> PublishAsync(string topic, string text, CancellationToken cancellationToken)
    {
        var secrets = settings.Current.Secrets;
        using var request = new HttpRequestMessage(HttpMethod.Post, NtfyAddress.Of(secrets, topic)) { Content = new StringContent(text) };
        if (NtfyAddress.ForButtons(secrets) is { } authorization)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        request.Headers.TryAddWithoutValidation("Priority", "1");
        try
        {
            using var response = await WithinAsync(
                Patience, token => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellationToken);
            return response.IsSuccessStatusCode ? null : $"HTTP {(int)response.StatusCode}";
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TimeoutException)
        {
            return NtfyAddress.WithoutSecrets(exception.Message, secrets);
        }
    }

    private static HttpRequestMessage Request(Secrets secrets, string topic, string since, bool poll)
    {
        var address = NtfyAddress.Of(secrets, topic).AbsoluteUri;
        return new HttpRequestMessage(HttpMethod.Get, $"{address}/json?since={Uri.EscapeDataString(since)}{(poll ? "&poll=1" : "")}");
    }

    /// <exception cref="TimeoutException">It took longer.</exception>
    private async Task<T> WithinAsync<T>(TimeSpan limit, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var timedOut = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timedOut.Token, cancellationToken);
        try
        {
            return await work(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing for {Duration.Write(limit)}");
        }
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Configuration;

namespace Relay.Operator.Pages;

/// <summary>How the ntfy server answered a page.</summary>
internal abstract record Push
{
    private Push() { }

    public sealed record Taken : Push;

    /// <summary>Try again later, after the time that the server named, if it named one.</summary>
    public sealed record Failed(string Reason, TimeSpan? RetryAfter) : Push;
}

/// <summary>Publishes pages to ntfy. It sends them as JSON, because a title in a header could not be UTF-8.</summary>
internal sealed class NtfyClient(HttpClient http, SettingsSource settings, TimeProvider clock)
{
    /// <summary>Limits of the public server, in bytes. A longer message would become an attachment.</summary>
    private const int LongestBody = 4096, LongestTitle = 1024;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    public async Task<Push> PublishAsync(QueuedPage page, CancellationToken cancellationToken)
    {
        var secrets = settings.Current.Secrets;
        using var request = new HttpRequestMessage(HttpMethod.Post, secrets.NtfyServer)
        {
            Content = new StringContent(Json(page, secrets.NtfyTopic), Encoding.UTF8, "application/json"),
        };
        if (secrets.NtfyToken is { } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var timedOut = new CancellationTokenSource(Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timedOut.Token, cancellationToken);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return response.IsSuccessStatusCode ? new Push.Taken() : await FailureAsync(response, secrets, either.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new Push.Failed(exception.Message, RetryAfter: null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Push.Failed($"no answer within {Timeout.TotalSeconds} s", RetryAfter: null);
        }
    }

    private async Task<Push.Failed> FailureAsync(HttpResponseMessage response, Secrets secrets, CancellationToken cancellationToken)
    {
        var after = response.Headers.RetryAfter;
        var retryAfter = after?.Delta ?? (after?.Date is { } date ? date - clock.GetUtcNow() : null);
        var reason = response.StatusCode == HttpStatusCode.BadRequest ? await response.Content.ReadAsStringAsync(cancellationToken) : "";
        reason = reason
            .Replace(secrets.NtfyTopic, "(topic)", StringComparison.Ordinal)
            .Replace(secrets.NtfyToken ?? secrets.NtfyTopic, "(token)", StringComparison.Ordinal);
        return new Push.Failed($"HTTP {(int)response.StatusCode} {Cut(reason, 300)}".TrimEnd(), retryAfter);
    }

    /// <summary>A page that is sent twice has the same sequence id, so on the phone it replaces itself.</summary>
    private static string Json(QueuedPage page, string topic) => new JsonObject
    {
        ["topic"] = topic,
        ["title"] = Cut(page.Title, LongestTitle),
        ["message"] = Cut(page.Body, LongestBody),
        ["priority"] = page.Priority,
        ["tags"] = new JsonArray([.. page.Tags.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(tag => JsonValue.Create(tag))]),
        ["sequence_id"] = page.Id,
    }.ToJsonString(JsonSerializerOptions.Default);

    /// <summary>Cuts between characters, and marks the text as cut.</summary>
    private static string Cut(string text, int bytes)
    {
        const string mark = " … (cut)";
        if (Encoding.UTF8.GetByteCount(text) <= bytes)
            return text;
        var room = bytes - Encoding.UTF8.GetByteCount(mark);
        var kept = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            room -= rune.Utf8SequenceLength;
            if (room < 0)
                break;
            kept.Append(rune);
        }
        return kept.Append(mark).ToString();
    }
}

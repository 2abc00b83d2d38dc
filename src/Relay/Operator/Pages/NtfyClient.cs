using System.Text;
using Relay.Configuration;
using Relay.Http;
using Relay.Texts;

namespace Relay.Operator.Pages;

/// <summary>What came of a page.</summary>
internal abstract record Push
{
    private Push() { }

    /// <summary>The server's own word says so.</summary>
    /// <param name="Refusal">Why the title went alone; null when all of it was taken.</param>
    public sealed record Taken(string? Refusal) : Push
    {
        /// <summary>The settings let only the title go, or less.</summary>
        public bool IsTitleAlone { get; init; }
    }

    /// <summary>Try again later, after the time that the server named, if it named one.</summary>
    public sealed record Failed(string Reason, string Fix, TimeSpan? RetryAfter) : Push
    {
        /// <summary>The day's messages are used up: seconds bring nothing.</summary>
        public bool IsQuota { get; init; }

        /// <summary>It may have been taken all the same: the answer was lost.</summary>
        public bool IsUnanswered { get; init; }
    }

    /// <summary>The server refuses this page, even its title alone: to repeat it would change nothing.</summary>
    public sealed record Refused(string Reason, string Fix) : Push;
}

/// <summary>Publishes pages to ntfy. It sends them as JSON, because a title in a header could not be UTF-8.</summary>
internal sealed class NtfyClient(HttpClient http, SettingsSource settings, TimeProvider clock)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    /// <summary>No redirect is followed: it would turn the publishing into a GET, and the web page that comes of it says 200.</summary>
    public static HttpClient NewHttp() => Outgoing.Client();

    /// <summary>(1) All of it; (2) where the server refuses that for good, the title alone.</summary>
    public Task<Push> PublishAsync(QueuedPage page, CancellationToken cancellationToken) =>
        PublishAsync(page, settings.Current.Secrets, cancellationToken);

    /// <param name="page">What.</param>
    /// <param name="secrets">With the server, the topic and the token that are meant.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task<Push> PublishAsync(QueuedPage page, Secrets secrets, CancellationToken cancellationToken)
    {
        page = page with { Title = Visible.OneLineAgain(page.Title), Body = Visible.Again(page.Body) };
        var config = settings.Current.Config;
        page = Reduced.Of(page, config);
        var answers = NtfyAddress.Of(secrets, secrets.NtfyAnswerTopic).AbsoluteUri;
        var to = new PageAddress(secrets.NtfyTopic, answers, NtfyAddress.ForButtons(secrets));
        var (answer, first) = await PostAsync(PageJson.Whole(page, to), secrets, cancellationToken); // (1)
        if (first is Push.Taken)
            return new Push.Taken(Refusal: null) { IsTitleAlone = config.Phone.Content != PageContent.Full };
        if (answer is not { IsAboutThePage: true })
            return first;
        var (retried, second) = await PostAsync(PageJson.TitleAlone(page, to), secrets, cancellationToken); // (2)
        var refusal = ((Push.Failed)first).Reason;
        return second switch
        {
            Push.Taken => new Push.Taken(refusal),
            Push.Failed failed when retried is { IsAboutThePage: true, IsPerhapsAboutAccess: false } =>
                new Push.Refused(failed.Reason, failed.Fix),
            _ => second,
        };
    }

    /// <summary>Asks the server whether it is well.</summary>
    /// <returns>No fault when it is. Silent: what answers does not speak of its health.</returns>
    public async Task<(Push.Failed? Fault, bool IsSilent)> HealthAsync(CancellationToken cancellationToken)
    {
        var secrets = settings.Current.Secrets;
        var address = new Uri(NtfyAddress.Server(secrets).ToString().TrimEnd('/') + "/v1/health");
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        var (answer, push) = await SendAsync(request, secrets, cancellationToken);
        return answer?.IsHealthy() == true ? (null, false) : ((Push.Failed)push, answer?.IsSilentOnHealth() == true);
    }

    private async Task<(NtfyAnswer? Answer, Push Push)> PostAsync(string json, Secrets secrets, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, NtfyAddress.Server(secrets))
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        };
        return await SendAsync(request, secrets, cancellationToken);
    }

    private async Task<(NtfyAnswer? Answer, Push Push)> SendAsync(
        HttpRequestMessage request, Secrets secrets, CancellationToken cancellationToken)
    {
        request.Headers.Authorization = NtfyAddress.Authorization(secrets);
        using var timedOut = new CancellationTokenSource(Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timedOut.Token, cancellationToken);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var (body, _) = await response.BeginningAsync(Outgoing.LongestNote, either.Token); // What answers there may be anything.
            var answer = new NtfyAnswer(response.StatusCode, response.Headers.Location, Encoding.UTF8.GetString(body));
            return answer.IsSent(secrets.NtfyTopic)
                ? (answer, new Push.Taken(Refusal: null))
                : (answer, Failed(answer.Reason(), answer.Fix(secrets), RetryAfter(response)) with
                {
                    IsQuota = answer.IsQuota,
                    IsUnanswered = answer.IsOfGateway,
                });
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            var isUnsent = exception is HttpRequestException
            {
                HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                    or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
            };
            return (null, Failed(exception.Message, NtfyAnswer.CheckNetwork, retryAfter: null) with { IsUnanswered = !isUnsent });
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var late = Failed($"no answer within {Duration.Write(Timeout)}", NtfyAnswer.CheckNetwork, retryAfter: null);
            return (null, late with { IsUnanswered = true });
        }

        Push.Failed Failed(string reason, string fix, TimeSpan? retryAfter) =>
            new(NtfyAddress.WithoutSecrets(reason, secrets), fix, retryAfter);
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var after = response.Headers.RetryAfter;
        return after?.Delta ?? (after?.Date is { } date ? date - clock.GetUtcNow() : null);
    }
}

using System.Text;
using System.Text.Json;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using Relay.Configuration;
using Relay.Operator.Pages;

namespace Relay.Operator.Phone;

/// <summary>Brings a page by another ntfy topic, to a webhook, or by mail. What the settings keep on this machine stays there on these
/// ways, too, and none has buttons that answer.</summary>
internal sealed class SecondWays(NtfyClient ntfy, HttpClient http, SettingsSource settings, TimeProvider clock)
{
    private const int SmtpPort = 587, SmtpsPort = 465;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <returns>Why it was not taken; null when it was.</returns>
    public async Task<string?> SendAsync(SecondWay way, QueuedPage page, CancellationToken cancellationToken)
    {
        using var timedOut = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timedOut.Token, cancellationToken);
        var secrets = settings.Current.Secrets;
        if (AddressOf(way) == NtfyAddress.Of(secrets, secrets.NtfyAnswerTopic))
            return "it leads to the answer topic, where the page would be taken for your words";
        try
        {
            return way switch
            {
                SecondWay.Ntfy other => await PublishAsync(other, page, secrets, either.Token),
                SecondWay.Webhook hook => await PostAsync(hook, Shown(page), secrets, either.Token),
                SecondWay.Mail mail => await MailAsync(mail, Shown(page), secrets, either.Token),
                _ => throw new InvalidOperationException(),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {Duration.Write(Patience)}";
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or MailKit.ServiceNotConnectedException
            or MailKit.ProtocolException or MailKit.CommandException or AuthenticationException or SslHandshakeException
            or System.Net.Sockets.SocketException or NotSupportedException)
        {
            return WithoutSecrets(exception.Message, secrets);
        }
    }

    private static Uri? AddressOf(SecondWay way) => way switch
    {
        SecondWay.Ntfy other => new Uri(other.Server, other.Topic),
        SecondWay.Webhook hook => hook.Address,
        _ => null,
    };

    private QueuedPage Shown(QueuedPage page) => Reduced.Of(page, settings.Current.Config);

    private async Task<string?> PublishAsync(
        SecondWay.Ntfy other, QueuedPage page, Secrets secrets, CancellationToken cancellationToken)
    {
        var there = secrets with
        {
            NtfyServer = other.Server,
            NtfyTopic = other.Topic,
            NtfyToken = secrets.NtfySecondToken,
            NtfyAnswerToken = null,
        };
        return await ntfy.PublishAsync(page with { Buttons = [] }, there, cancellationToken) switch
        {
            Push.Failed failed => WithoutSecrets(failed.Reason, secrets),
            Push.Refused refused => WithoutSecrets(refused.Reason, secrets),
            _ => null,
        };
    }

    private async Task<string?> PostAsync(
        SecondWay.Webhook hook, QueuedPage page, Secrets secrets, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.Serialize(new
        {
            id = page.Id,
            kind = page.Cause.Kind.ToString().ToLowerInvariant(),
            question = page.Cause.QuestionNumber,
            title = page.Title,
            message = page.Body,
            priority = page.Priority,
            click = page.Click?.AbsoluteUri,
            settled = page.IsReceipt,
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, hook.Address)
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        };
        if (secrets.WebhookToken is { } token)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return response.IsSuccessStatusCode ? null : $"HTTP {(int)response.StatusCode}";
    }

    /// <summary>A password goes over an encrypted connection only.</summary>
    private static async Task<string?> MailAsync(
        SecondWay.Mail way, QueuedPage page, Secrets secrets, CancellationToken cancellationToken)
    {
        using var message = new MimeMessage { Subject = page.Title, Body = new TextPart("plain") { Text = page.Body } };
        message.From.Add(MailboxAddress.Parse(way.From));
        message.To.Add(MailboxAddress.Parse(way.To));
        message.Importance = page.Priority >= 4 ? MessageImportance.High : MessageImportance.Normal;
        using var client = new SmtpClient();
        var isTls = way.Server.Scheme == "smtps";
        var user = Uri.UnescapeDataString(way.Server.UserInfo);
        var security = isTls ? SecureSocketOptions.SslOnConnect
            : user.Length > 0 ? SecureSocketOptions.StartTls
            : SecureSocketOptions.StartTlsWhenAvailable;
        var port = way.Server.Port > 0 ? way.Server.Port : isTls ? SmtpsPort : SmtpPort;
        await client.ConnectAsync(way.Server.Host, port, security, cancellationToken);
        if (user.Length > 0)
            await client.AuthenticateAsync(user, secrets.SmtpPassword ?? "", cancellationToken);
        await client.SendAsync(message, cancellationToken);
        await client.DisconnectAsync(quit: true, cancellationToken);
        return null;
    }

    private static string WithoutSecrets(string text, Secrets secrets)
    {
        foreach (var secret in new[] { secrets.NtfySecondToken, secrets.WebhookToken, secrets.SmtpPassword })
            if (!string.IsNullOrEmpty(secret))
                text = text.Replace(secret, "(secret)", StringComparison.Ordinal);
        return NtfyAddress.WithoutSecrets(text, secrets);
    }
}

using System.Net.Http.Headers;
using System.Text;
using Relay.Configuration;

namespace Relay.Operator.Pages;

/// <summary>Where the ntfy server is, how the relay says who it is, and what of that no message may repeat.</summary>
internal static class NtfyAddress
{
    /// <summary>Without a user and password: HttpClient would drop them, so they are sent as what they are.</summary>
    public static Uri Server(Secrets secrets) => new UriBuilder(secrets.NtfyServer) { UserName = "", Password = "" }.Uri;

    public static Uri Of(Secrets secrets, string topic) => new(Server(secrets).ToString().TrimEnd('/') + "/" + topic);

    public static AuthenticationHeaderValue? Authorization(Secrets secrets)
    {
        if (secrets.NtfyToken is { } token)
            return new AuthenticationHeaderValue("Bearer", token);
        return secrets.NtfyServer.UserInfo.Length == 0
            ? null
            : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(User(secrets))));
    }

    /// <summary>What the buttons of a page publish with. A user's password is put on no page.</summary>
    public static string? ForButtons(Secrets secrets) =>
        (secrets.NtfyAnswerToken ?? secrets.NtfyToken) is { } token ? $"Bearer {token}" : null;

    /// <summary>A server or a proxy may repeat them in what it says.</summary>
    public static string WithoutSecrets(string text, Secrets secrets)
    {
        var password = User(secrets)[(User(secrets).IndexOf(':') + 1)..];
        foreach (var (secret, word) in (ReadOnlySpan<(string?, string)>)
            [(secrets.NtfyTopic, "(topic)"), (secrets.NtfyAnswerTopic, "(answer topic)"), (secrets.NtfyToken, "(token)"),
                (secrets.NtfyAnswerToken, "(token)"), (password, "(password)")])
            if (!string.IsNullOrEmpty(secret))
                text = text.Replace(secret, word, StringComparison.Ordinal);
        return text;
    }

    private static string User(Secrets secrets)
    {
        var user = Uri.UnescapeDataString(secrets.NtfyServer.UserInfo);
        return user.Contains(':') ? user : user + ":";
    }
}

using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Relay.Configuration;
using Relay.Texts;

namespace Relay.Operator.Pages;

/// <summary>What the server said to a page. Only its own JSON about our topic means that it was sent: a sign-in page, a proxy or the web
/// app behind a redirect may answer 200 as well.</summary>
internal sealed partial record NtfyAnswer(HttpStatusCode Status, Uri? Location, string Body)
{
    public const string CheckNetwork = "check the network and NTFY_SERVER";

    private const string EnvToken = "NTFY_TOKEN", EnvServer = "NTFY_SERVER";

    /// <summary>The daily quota of the public server.</summary>
    private const int QuotaCode = 42908;

    private int Code => (int)Status;

    /// <summary>A refusal of this very request, whatever the settings and the hour.</summary>
    public bool IsAboutThePage => Code is >= 400 and < 500 and not (401 or 404 or 405 or 407 or 408 or 425 or 429);

    /// <summary>What is before the server got no answer of it, or not in time: the server may have taken it.</summary>
    public bool IsOfGateway => Status is HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout;

    /// <summary>What a refusal of the page may also mean.</summary>
    public bool IsPerhapsAboutAccess => Status == HttpStatusCode.Forbidden;

    public bool IsSent(string topic)
    {
        if (Code is < 200 or >= 300)
            return false;
        var said = Parse();
        return Text(said, "id").Length > 0 && Text(said, "event") == "message" && Text(said, "topic") == topic;
    }

    /// <summary>Whether a server that is asked for its health says that it is well.</summary>
    public bool IsHealthy() => Code is >= 200 and < 300 && Parse() is { ValueKind: JsonValueKind.Object } said
        && said.TryGetProperty("healthy", out var healthy) && healthy.ValueKind == JsonValueKind.True;

    /// <summary>In one line: the status and the server's own words, or what it is that answered.</summary>
    public string Reason() => Code switch
    {
        >= 300 and < 400 => $"HTTP {Code}: it redirects to {Location?.ToString() ?? "nowhere"}",
        >= 200 and < 300 => $"HTTP {Code}, but this is no ntfy server's answer: {(IsHtml ? "a web page" : Shown())}",
        _ when IsHtml => $"HTTP {Code}, a web page",
        >= 500 => $"HTTP {Code}",
        _ => $"HTTP {Code} {Said()}".TrimEnd(),
    };

    /// <summary>Whether what answers says nothing of its health, as another server than ntfy's own may.</summary>
    public bool IsSilentOnHealth() => Code < 500
        && !(Parse() is { ValueKind: JsonValueKind.Object } said && said.TryGetProperty("healthy", out _));

    /// <summary>What would mend it.</summary>
    public string Fix(Secrets secrets) => Fix(Code, IsQuota, secrets);

    /// <summary>The same for the reason of a page that failed earlier.</summary>
    public static string FixOf(string reason, Secrets secrets) => Started().Match(reason) is { Success: true } match
        ? Fix(CodeIn(match), reason.Contains("quota", StringComparison.Ordinal), secrets)
        : CheckNetwork;

    private static string Fix(int code, bool isQuota, Secrets secrets) => code switch
    {
        >= 300 and < 400 => $"set {EnvServer} to the address it redirects to",
        >= 200 and < 300 => $"set {EnvServer} to the address of an ntfy server: something else answers there",
        401 or 403 when secrets.NtfyToken is null && secrets.NtfyServer.UserInfo.Length == 0 =>
            $"the server wants to know who publishes: put a token with the right to write to the topic into .env as {EnvToken}",
        401 or 403 => $"the token is not taken for this topic: make one with the right to write to it, {EnvToken} in .env",
        407 => "the proxy between here and the server wants a password",
        413 => "the page is too large for the server, its title too: raise the server's message-size-limit",
        429 when isQuota => "the day's messages are used up: wait until tomorrow, or use a server of your own or an account",
        429 => "the server limits the requests: wait, or use a server of your own",
        >= 500 => "the server is not well: wait, or look into its log",
        404 or 405 => $"set {EnvServer} to the address of an ntfy server, without the topic",
        _ => $"check {EnvServer} and NTFY_TOPIC",
    };

    [GeneratedRegex("^HTTP ([0-9]{3})")]
    private static partial Regex Started();

    private static int CodeIn(Match match) => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    /// <summary>The day's messages are used up.</summary>
    public bool IsQuota => Parse() is { ValueKind: JsonValueKind.Object } said
        && said.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.Number
        && code.TryGetInt32(out var number) && number == QuotaCode;

    private bool IsHtml => Body.AsSpan().TrimStart().StartsWith("<");

    /// <summary>Its error message where there is one, for a proxy may have a long page instead.</summary>
    private string Said() => Text(Parse(), "error") is { Length: > 0 } error ? Printable.OneLine(Excerpt.Of(error, 200)) : "";

    private string Shown() => Body.Length == 0 ? "nothing" : Printable.OneLine(Excerpt.Of(Body.Trim(), 100));

    private JsonElement Parse()
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(Body);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static string Text(JsonElement said, string name) =>
        said.ValueKind == JsonValueKind.Object && said.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";
}

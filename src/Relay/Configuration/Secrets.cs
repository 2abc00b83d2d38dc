using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Relay.Configuration;

/// <summary>Keys and tokens, and the addresses they are for. The topic is a secret, too: whoever knows it can read the pages.</summary>
internal sealed partial record Secrets
{
    private const string AbsoluteUrl = "an absolute http or https address";
    private const string DatabaseAddress = "postgres://USER:PASSWORD@HOST:PORT/DATABASE";
    private const string NoUserBesideToken = "one without a user and password, or no NTFY_TOKEN: only one of the two can be sent";
    private const string NotAConnections = "the operator's own; this is a connection's, for RELAY_SESSION_TOKEN";
    private const string VisibleAscii = "visible ASCII characters without spaces";

    public static readonly IReadOnlySet<string> Keys = new HashSet<string>
    {
        "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "NTFY_TOPIC", "NTFY_SERVER", "NTFY_TOKEN", "NTFY_ANSWER_TOPIC", "NTFY_ANSWER_TOKEN",
        "NTFY_SECOND_TOKEN", "RELAY_WEBHOOK_TOKEN", "RELAY_SMTP_PASSWORD", "RELAY_TOKEN", "RELAY_DATABASE_URL",
    };

    public string? ApiKey { get; init; }

    /// <summary>Whether the key is the environment's, and not that of .env.</summary>
    public bool IsKeyFromEnvironment { get; init; }

    public Uri BaseUrl { get; init; } = new("https://api.anthropic.com");

    /// <summary>Empty until one has been generated.</summary>
    public string NtfyTopic { get; init; } = "";

    public Uri NtfyServer { get; init; } = new("https://ntfy.sh");
    public string? NtfyToken { get; init; }

    /// <summary>What the buttons of a page carry; null for the token itself.</summary>
    public string? NtfyAnswerToken { get; init; }

    /// <summary>For the second ways of the configuration.</summary>
    public string? NtfySecondToken { get; init; }

    public string? WebhookToken { get; init; }
    public string? SmtpPassword { get; init; }

    /// <summary>Where the operator's answers are published; null for the one made of the token.</summary>
    public string? NtfyAnswerTopicGiven { get; init; }

    /// <summary>Empty until there are a topic and a token. Whoever knows it can answer, unless the server asks for a token.</summary>
    public string NtfyAnswerTopic => NtfyAnswerTopicGiven
        ?? (NtfyTopic.Length == 0 || Token.Length == 0 ? "" : "relay-" + Derived($"the answers to {NtfyTopic}")[..32]);

    /// <summary>A secret that only this token gives for this purpose, in lower-case hex digits.</summary>
    public string Derived(string purpose) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Token), Encoding.UTF8.GetBytes(purpose)));

    /// <summary>The operator's bearer token for HTTP. Empty until one has been generated.</summary>
    public string Token { get; init; } = "";

    /// <summary>The address of the PostgreSQL database. It usually contains a password. Null when SQLite is used.</summary>
    public Uri? DatabaseUrl { get; init; }

    public static Secrets Resolve(DotEnv file, IReadOnlyDictionary<string, string> environment, List<ConfigFault> faults)
    {
        var resolver = new Resolver(file, environment, faults);
        var defaults = new Secrets();
        var ntfyToken = resolver.Text("NTFY_TOKEN");
        var isPair = resolver.AreOfOneSource("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL");
        resolver.RefuseFromFileForEnvironment("NTFY_TOKEN", "NTFY_SERVER");
        resolver.RefuseFromFileForPassword("RELAY_DATABASE_URL");
        return new Secrets
        {
            ApiKey = isPair ? resolver.Text("ANTHROPIC_API_KEY") : null,
            IsKeyFromEnvironment = resolver.Find("ANTHROPIC_API_KEY") is { Line: null },
            BaseUrl = resolver.Url("ANTHROPIC_BASE_URL", noUser: null) is { } gateway ? ApiRoot(gateway) : defaults.BaseUrl,
            NtfyTopic = resolver.Topic("NTFY_TOPIC") ?? "",
            NtfyServer = resolver.Url("NTFY_SERVER", ntfyToken is null ? null : NoUserBesideToken) ?? defaults.NtfyServer,
            NtfyToken = ntfyToken,
            NtfyAnswerToken = resolver.Text("NTFY_ANSWER_TOKEN"),
            NtfySecondToken = resolver.Text("NTFY_SECOND_TOKEN"),
            WebhookToken = resolver.Text("RELAY_WEBHOOK_TOKEN"),
            SmtpPassword = resolver.Text("RELAY_SMTP_PASSWORD"),
            NtfyAnswerTopicGiven = resolver.AnswerTopic("NTFY_ANSWER_TOPIC", "NTFY_TOPIC"),
            Token = resolver.OperatorToken("RELAY_TOKEN") ?? "",
            DatabaseUrl = resolver.DatabaseUrl("RELAY_DATABASE_URL"),
        };
    }

    /// <summary>Generates the topic and the token if neither the file nor the environment has them. The caller saves the file.</summary>
    public static void EnsureGenerated(DotEnv file, IReadOnlyDictionary<string, string> environment)
    {
        var absent = new Resolver(file, environment, []);
        if (absent.Find("NTFY_TOPIC") is null)
            file.Set("NTFY_TOPIC", "relay-" + RandomNumberGenerator.GetHexString(32, lowercase: true));
        if (absent.Find("RELAY_TOKEN") is null)
            file.Set("RELAY_TOKEN", Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));
    }

    /// <summary>One that is there and cannot be used has a fault of its own.</summary>
    public static void RequireDatabaseUrl(DotEnv file, IReadOnlyDictionary<string, string> environment, List<ConfigFault> faults)
    {
        if (new Resolver(file, environment, []).Find("RELAY_DATABASE_URL") is null)
            faults.Add(new ConfigFault(
                file.Name,
                null,
                $"RELAY_DATABASE_URL is missing, and store: postgres in config.yaml needs it; allowed: {DatabaseAddress}"));
    }

    /// <summary>Many gateways give their address with the /v1 of the paths below it, or with a whole path: the root of those is
    /// meant.</summary>
    private static Uri ApiRoot(Uri gateway)
    {
        var root = new UriBuilder(gateway);
        root.Path = ApiPath().Replace(root.Path, "");
        return root.Uri;
    }

    [GeneratedRegex(@"/+v1(/+messages)?/*\z")]
    private static partial Regex ApiPath();

    public override string ToString() =>
        $"Secrets {{ ApiKey = {Presence(ApiKey)}, BaseUrl = {Server(BaseUrl)}, NtfyTopic = {Presence(NtfyTopic)}, " +
        $"NtfyServer = {Server(NtfyServer)}, NtfyToken = {Presence(NtfyToken)}, Token = {Presence(Token)} }}";

    private static string Presence(string? value) => string.IsNullOrEmpty(value) ? "absent" : "set";

    // Leaves out the user and password that an address may contain.
    private static string Server(Uri address) => address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex TopicPattern();

    private sealed record FoundValue(string Value, string File, int? Line)
    {
        public string Place => Line is null ? "the environment" : File;
    }

    private sealed class Resolver(DotEnv file, IReadOnlyDictionary<string, string> environment, List<ConfigFault> faults)
    {
        public string? Text(string key) => Checked(key, VisibleAscii, value => value.All(c => c is > ' ' and <= '~'));

        public string? OperatorToken(string key) =>
            Text(key) is null || Checked(key, NotAConnections, value => ConnectionToken.ClaimedName(value) is null) is null
                ? null
                : Checked(key, TokenStrength.Allowed, TokenStrength.IsEnough);

        public string? Topic(string key) => Checked(key, "1 to 64 of A-Z a-z 0-9 _ -", TopicPattern().IsMatch);

        /// <summary>Not the topic of the pages: the relay would take them for answers.</summary>
        public string? AnswerTopic(string key, string pages) =>
            Topic(key) is null ? null : Checked(key, $"another topic than {pages}", value => value != Find(pages)?.Value);

        /// <param name="key">The name of the setting.</param>
        /// <param name="noUser">What is allowed instead of a user in the address; null where it may hold one.</param>
        public Uri? Url(string key, string? noUser)
        {
            if (Checked(key, AbsoluteUrl, IsHttp) is not { } value)
                return null;
            return noUser is null || Checked(key, noUser, found => new Uri(found).UserInfo.Length == 0) is not null ? new Uri(value) : null;
        }

        public Uri? DatabaseUrl(string key) => Checked(key, DatabaseAddress, IsPostgres) is { } value ? new Uri(value) : null;

        /// <summary>The environment wins over the file, except for ANTHROPIC_*:
        /// what a developer has set there for other programs must not be used here.</summary>
        public FoundValue? Find(string key) => key.StartsWith("ANTHROPIC_", StringComparison.Ordinal)
            ? InFile(key) ?? InEnvironment(key)
            : InEnvironment(key) ?? InFile(key);

        /// <summary>A key goes to no address that somebody else has chosen: a fault unless both, where both are given, come from
        /// .env or both from the environment.</summary>
        public bool AreOfOneSource(string key, string address)
        {
            if (Find(key) is not { } secret || Find(address) is not { } server || secret.File == server.File)
                return true;
            faults.Add(new ConfigFault(
                server.File, server.Line,
                $"{address} is from {server.Place}, but {key} from {secret.Place}, and no key is sent to an address from elsewhere; "
                + $"allowed: both in {file.Name}, or both in the environment"));
            return false;
        }

        /// <summary>The environment, which goes before the file here, may send the file's token elsewhere; the file may not take the
        /// environment's.</summary>
        public void RefuseFromFileForEnvironment(string key, string address)
        {
            if (InEnvironment(key) is not null && Find(address) is { Line: not null })
                AreOfOneSource(key, address);
        }

        /// <summary>The driver takes PGPASSWORD where an address has none.</summary>
        public void RefuseFromFileForPassword(string address)
        {
            if (InEnvironment("PGPASSWORD") is not null && Find(address) is { Line: not null } found && !HasPassword(found.Value))
                faults.Add(new ConfigFault(
                    found.File, found.Line,
                    $"{address} has no password, and PGPASSWORD of the environment is sent to no address from {found.File}; "
                    + "allowed: the password in the address"));
        }

        private string? Checked(string key, string allowed, Func<string, bool> isAllowed)
        {
            if (Find(key) is not { } found)
                return null;
            if (isAllowed(found.Value))
                return found.Value;

            faults.Add(new ConfigFault(found.File, found.Line, $"{key}: the value cannot be used; allowed: {allowed}"));
            return null;
        }

        private FoundValue? InFile(string key) => file[key] is { } value && !string.IsNullOrWhiteSpace(value)
            ? new FoundValue(value.Trim(), file.Name, file.LineOf(key))
            : null;

        private FoundValue? InEnvironment(string key) => environment.TryGetValue(key, out var value) && !string.IsNullOrWhiteSpace(value)
            ? new FoundValue(value.Trim(), "environment", null)
            : null;

        private static bool HasPassword(string url) =>
            Uri.TryCreate(url, UriKind.Absolute, out var address)
            && (address.UserInfo.Contains(':') || address.Query.Contains("password=", StringComparison.OrdinalIgnoreCase));

        private static bool IsPostgres(string value) =>
            Uri.TryCreate(value, UriKind.Absolute, out var address)
            && address.Scheme is "postgres" or "postgresql"
            && address.Host.Length > 0 && address.AbsolutePath.Length > 1;

        private static bool IsHttp(string value) =>
            Uri.TryCreate(value, UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
            && address.Host.Length > 0;
    }
}

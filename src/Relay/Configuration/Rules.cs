using System.Globalization;
using System.Text.RegularExpressions;
using Relay.Texts;

namespace Relay.Configuration;

/// <summary>What the values of config.yaml may be: a rule for each kind.</summary>
internal static partial class Rules
{
    private const decimal LargestAmount = 1_000_000_000;
    public const string IdText = "1 to 64 of A-Z a-z 0-9 _ -";

    /// <summary>What the relay keeps in state/, besides what begins with a dot or as the database does: taken for the operator's words, it
    /// would be sent to the advisor and removed.</summary>
    private static readonly string[] OwnStateFiles =
    [
        "status.json", "endpoint.json", "relay.sock", "conversation.json", "config.in-force.yaml", "sign-ins.json", "open-dashboard.html",
        "home.id", "database.json", "connections.json", "connections.key", "connections-used.json", "connected.json",
    ];

    public static Rule<bool> Boolean => value => value is YamlValue.Scalar { Kind: ScalarKind.Boolean, Content: "true" or "false" } scalar
        ? new Parsed<bool>.Valid(scalar.Content == "true")
        : Wrong<bool>(value, "true or false");

    public static Rule<decimal?> Amount => value =>
    {
        const string allowed = "a number of dollars from 0 to 1000000000, such as 12.50, or null";
        if (value is YamlValue.Scalar { Kind: ScalarKind.Null })
            return new Parsed<decimal?>.Valid(null);
        if (value is not YamlValue.Scalar { Kind: ScalarKind.Number } scalar || !DecimalPattern().IsMatch(scalar.Content))
            return Wrong<decimal?>(value, allowed);

        return decimal.TryParse(scalar.Content, NumberStyles.Number, CultureInfo.InvariantCulture, out var amount)
            && amount is >= 0 and <= LargestAmount
            ? new Parsed<decimal?>.Valid(amount)
            : OutOfRange<decimal?>(scalar, allowed);
    };

    public static Rule<TimeSpan> Duration(TimeSpan least, TimeSpan most) => value =>
    {
        var range = $"from {Configuration.Duration.Write(least)} to {Configuration.Duration.Write(most)}";
        var allowed = $"a duration such as 90s, 10m, 1h30m or 1d, {range}";
        if (value is not YamlValue.Scalar { Kind: ScalarKind.Text } scalar
            || Configuration.Duration.Parse(scalar.Content) is not { } duration)
            return Wrong<TimeSpan>(value, allowed);

        return duration >= least && duration <= most
            ? new Parsed<TimeSpan>.Valid(duration)
            : OutOfRange<TimeSpan>(scalar, allowed);
    };

    /// <summary>Less than the 600 s for which the client waits for a permission.</summary>
    public static Rule<TimeSpan> Patience => Duration(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(540));

    public static Rule<IReadOnlyList<string>> ToolNames => value =>
    {
        const string allowed = "a list of tools' names, such as [Read, Bash]";
        if (value is not YamlValue.List list)
            return Wrong<IReadOnlyList<string>>(value, allowed);
        var names = list.Items.Select(item => item is YamlValue.Scalar { Kind: ScalarKind.Text } name ? name.Content : "").ToList();
        return names.Exists(name => string.IsNullOrWhiteSpace(name) || !Printable.IsOneLine(name))
            ? new Parsed<IReadOnlyList<string>>.Invalid("an entry is no name", allowed)
            : new Parsed<IReadOnlyList<string>>.Valid(names);
    };

    public static Rule<ListenAddress> Listen => Text(
        "HOST:PORT, where HOST is an IPv4 address, an [IPv6] address or localhost, and PORT is 0 to 65535",
        ListenAddress.Parse);

    /// <summary>One line that is not blank.</summary>
    public static Rule<string> Line(int longest) => Text(
        $"text of one line, 1 to {longest} characters, not blank",
        text => text.Length <= longest && !string.IsNullOrWhiteSpace(text) && Printable.IsOneLine(text) ? text : null);

    /// <summary>Text of any length that is not blank.</summary>
    public static Rule<string> Prose => Text(
        "text that is not blank",
        text => !string.IsNullOrWhiteSpace(text) && Printable.IsWellFormed(text) ? text : null);

    public static Rule<string> Id => Text(IdText, text => IdPattern().IsMatch(text) ? text : null);

    public static Rule<string> SessionName => Text(
        $"{IdText}; {ReservedNames.Text}",
        text => IdPattern().IsMatch(text) && !ReservedNames.Contains(text) ? text : null);

    public static Rule<string> StateFileName => Text(
        "a plain file name of up to 64 characters, not starting with a dot and not one of relay's own state files",
        text => IsStateFileName(text) ? text : null);

    public static Rule<int> Integer(int least, int most) => value =>
    {
        var allowed = $"a plain decimal integer from {least} to {most}";
        if (value is not YamlValue.Scalar { Kind: ScalarKind.Number } scalar || !IntegerPattern().IsMatch(scalar.Content))
            return Wrong<int>(value, allowed);

        return int.TryParse(scalar.Content, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most
            ? new Parsed<int>.Valid(number)
            : OutOfRange<int>(scalar, allowed);
    };

    public static Rule<CacheTtl> CacheTtl => Choice(
        ("auto", Configuration.CacheTtl.Auto),
        ("5m", Configuration.CacheTtl.FiveMinutes),
        ("1h", Configuration.CacheTtl.OneHour),
        ("off", Configuration.CacheTtl.Off));

    public static Rule<AdvisorKind> Advisor => Choice(("anthropic", AdvisorKind.Anthropic), ("simulated", AdvisorKind.Simulated));

    public static Rule<PageContent> Content => Choice(("full", PageContent.Full), ("title", PageContent.Title), ("none", PageContent.None));

    public static Rule<PageButtons> Buttons => Choice(
        ("protected", PageButtons.Protected), ("every-reader-may-answer", PageButtons.Open), ("off", PageButtons.Off));

    /// <summary>Scheme and host, and a port where it is not the usual.</summary>
    public static Rule<Uri?> PublicUrl => value => value is YamlValue.Scalar { Kind: ScalarKind.Null }
        ? new Parsed<Uri?>.Valid(null)
        : value is YamlValue.Scalar { Kind: ScalarKind.Text } text && Uri.TryCreate(text.Content, UriKind.Absolute, out var url)
            && url.Scheme is "http" or "https" && url is { UserInfo: "", PathAndQuery: "/", Fragment: "" }
        ? new Parsed<Uri?>.Valid(url)
        : Wrong<Uri?>(value, "an address without a path, such as https://relay.example.org, or null");

    /// <summary>True for a proxy; there is nothing else to be behind.</summary>
    public static Rule<bool> Behind => Choice(("proxy", true));

    public static Rule<StoreKind> Store => Choice(("sqlite", StoreKind.Sqlite), ("postgres", StoreKind.Postgres));

    public static Rule<bool> OnOff => Choice(("on", true), ("off", false));

    public static Rule<ReserveKind> Reserve => Choice(("worst", ReserveKind.Worst), ("likely", ReserveKind.Likely));

    private static Rule<T> Choice<T>(params (string Name, T Value)[] choices) => value =>
    {
        foreach (var (name, meaning) in choices)
        {
            if (value is YamlValue.Scalar { Kind: ScalarKind.Text } scalar && scalar.Content == name)
                return new Parsed<T>.Valid(meaning);
        }
        return Wrong<T>(value, string.Join(" or ", choices.Select(choice => choice.Name)));
    };

    private static Rule<T> Text<T>(string allowed, Func<string, T?> parse) where T : class => value => value switch
    {
        YamlValue.Scalar { Kind: ScalarKind.Text } scalar when parse(scalar.Content) is { } parsed => new Parsed<T>.Valid(parsed),
        YamlValue.Scalar { Kind: ScalarKind.Number or ScalarKind.Boolean } => Wrong<T>(value, $"{allowed}; as text it needs quotes"),
        _ => Wrong<T>(value, allowed),
    };

    private static Parsed<T>.Invalid Wrong<T>(YamlValue value, string allowed) => new(value.Problem, allowed);

    private static Parsed<T>.Invalid OutOfRange<T>(YamlValue.Scalar value, string allowed) =>
        new($"{Printable.Short(value.Content)} is out of range", allowed);

    private static bool IsStateFileName(string name) =>
        name.Length is > 0 and <= 64
        && Printable.IsOneLine(name)
        && !string.IsNullOrWhiteSpace(name)
        && !name.StartsWith('.')
        && name.IndexOfAny(['/', '\\']) < 0
        && !name.StartsWith("relay.db", StringComparison.OrdinalIgnoreCase)
        && !OwnStateFiles.Contains(name, StringComparer.OrdinalIgnoreCase);

    [GeneratedRegex(@"\A-?(0|[1-9][0-9]*)\z")]
    private static partial Regex IntegerPattern();

    [GeneratedRegex(@"\A-?[0-9]+(\.[0-9]+)?\z")]
    private static partial Regex DecimalPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex IdPattern();
}

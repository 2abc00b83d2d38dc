using System.Globalization;
using System.Text.RegularExpressions;

namespace Relay.Configuration;

/// <summary>What the values of the pages' settings may be.</summary>
internal static partial class PhoneRules
{
    public const string TimeText = "a time of day in quotes, such as \"22:00\"";

    public static Rule<TimeSpan?> RemindAfter => value => value switch
    {
        YamlValue.Scalar { Kind: ScalarKind.Text, Content: "off" } => new Parsed<TimeSpan?>.Valid(null),
        _ => Rules.Duration(TimeSpan.FromMinutes(1), TimeSpan.FromDays(7))(value) switch
        {
            Parsed<TimeSpan>.Valid valid => new Parsed<TimeSpan?>.Valid(valid.Value),
            Parsed<TimeSpan>.Invalid invalid => new Parsed<TimeSpan?>.Invalid(invalid.Wrong, $"{invalid.Allowed}, or off"),
            _ => throw new InvalidOperationException(),
        },
    };

    /// <summary>YAML may read a bare 22:00 as a number, so quotes are asked for.</summary>
    public static Rule<TimeOnly?> TimeOrOff => Text<TimeOnly?>(
        $"{TimeText}, or off",
        text => text == "off" ? (true, null)
            : TimeOnly.TryParseExact(text, "H:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? (true, time)
            : (false, null));

    public static Rule<TimeZoneInfo?> Zone => Text<TimeZoneInfo?>(
        "the name of a time zone that this machine knows, such as Europe/Berlin",
        text => TimeZoneInfo.TryFindSystemTimeZoneById(text, out var zone) ? (true, zone) : (false, null));

    public static Rule<int?> Urgent => value => Rules.Integer(3, 5)(value) switch
    {
        Parsed<int>.Valid valid => new Parsed<int?>.Valid(valid.Value),
        Parsed<int>.Invalid invalid => new Parsed<int?>.Invalid(invalid.Wrong, invalid.Allowed),
        _ => throw new InvalidOperationException(),
    };

    public static Rule<Uri?> TopicAddress => Text<Uri?>(
        "the address of a topic, such as https://ntfy.example.org/my-topic",
        text => IsWeb(text) && TopicPath().IsMatch(new Uri(text).AbsolutePath) ? (true, new Uri(text)) : (false, null));

    public static Rule<Uri?> WebAddress => Text<Uri?>(
        "an absolute http or https address without a user and password", text => IsWeb(text) ? (true, new Uri(text)) : (false, null));

    public static Rule<string?> Mailbox => Text<string?>(
        "a mail address, such as me@example.org", text => MailPattern().IsMatch(text) ? (true, text) : (false, null));

    public static Rule<Uri?> SmtpServer => Text<Uri?>(
        "smtp://USER@HOST:PORT, or smtps:// for TLS from the start; the password is RELAY_SMTP_PASSWORD in .env",
        text => Uri.TryCreate(text, UriKind.Absolute, out var server) && server.Scheme is "smtp" or "smtps" && server.Host.Length > 0
            && !server.UserInfo.Contains(':', StringComparison.Ordinal) ? (true, server) : (false, null));

    private static bool IsWeb(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address)
        && address.Scheme is "http" or "https" && address is { UserInfo: "", Host.Length: > 0 };

    private static Rule<T> Text<T>(string allowed, Func<string, (bool IsValid, T Value)> parse) => value =>
        value is YamlValue.Scalar { Kind: ScalarKind.Text } scalar && parse(scalar.Content) is (true, var parsed)
            ? new Parsed<T>.Valid(parsed)
            : new Parsed<T>.Invalid(value.Problem, allowed);

    [GeneratedRegex(@"\A(?:/[A-Za-z0-9._~-]+)*/[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex TopicPath();

    [GeneratedRegex(@"\A[^\s@<>,;:""\\]{1,64}@[A-Za-z0-9.-]{1,190}\z")]
    private static partial Regex MailPattern();
}

using System.Text;
using Relay.Agents.Connect;
using Relay.Configuration;
using Relay.Files;

namespace Relay.Cli;

/// <summary>A hook's options, and what the environment holds.</summary>
internal sealed record HookOptions(string Home, string Url, string Session, int? Seconds, string Token)
{
    /// <summary>The connection of which the headers are wanted.</summary>
    public string? Name { get; init; }

    /// <summary>Of the entries that started this: 0 for those of a relay that did not say.</summary>
    public int Form { get; init; }

    /// <summary>Further headers of an event, each as NAME:VALUE.</summary>
    public IReadOnlyList<string> More { get; init; } = [];

    /// <summary>The client shows its user what the answer says.</summary>
    public bool MayTell { get; init; }

    /// <summary>It is the hook of a connection for all projects, and this session has one of its own.</summary>
    public bool IsConnectedElsewhere { get; init; }

    public bool IsForAllProjects { get; init; }

    private string State => Path.Combine(Home, "state");

    /// <summary>Whether this user can read the home, and so reach the socket in it.</summary>
    private bool IsOwnHome => Home.Length > 0 && Directory.Exists(State);

    /// <summary>Where a relay is not running yet, its socket will be in its home.</summary>
    public TinyHttp.HostAndPort? Address => IsOwnHome
        ? TinyHttp.HostAndPort.Local(LocalEndpoint.Of(State) ?? Path.Combine(State, LocalSocket.Name))
        : TinyHttp.HostAndPort.Parse(Url);

    /// <summary>Where the relay is looked for, in words.</summary>
    public string Place => IsOwnHome ? Home : Url;

    public string Headers =>
        $"Authorization: Bearer {Token}\r\n{SessionHeader.Replace("\n", "\r\n")}"
        + $"X-Relay-Version: {ProgramVersion.Text}\r\n{string.Concat(More.Select(line => line + "\r\n"))}";

    /// <summary>One line, or none.</summary>
    public string SessionHeader => Session.Length > 0 ? $"{SessionHeaderStart} {Session}\n" : "";

    public static HookOptions Parse(string[] arguments)
    {
        var own = HeaderValue(Environment.GetEnvironmentVariable("RELAY_SESSION_TOKEN") ?? "");
        var file = ValueOf(arguments, "--token-file") is { Length: > 0 } path ? path : null;
        return new HookOptions(
            ValueOf(arguments, "--home") ?? "",
            (ValueOf(arguments, "--url") ?? "").TrimEnd('/'),
            HeaderValue(
                ValueOf(arguments, "--session") ?? SessionIn(arguments) ?? Environment.GetEnvironmentVariable("RELAY_SESSION") ?? ""),
            SecondsOf(ValueOf(arguments, "--timeout") ?? ""),
            own.Length == 0 && file is not null ? TokenIn(file) : own)
        {
            Name = ValueOf(arguments, "--name"),
            Form = int.TryParse(ValueOf(arguments, "--form"), out var form) ? form : 0,
            More = [.. arguments.Where(IsFurther).Select(HeaderValue)],
            MayTell = Array.IndexOf(arguments, HookScript.Tell) >= 0,
            IsForAllProjects = file is not null,
            IsConnectedElsewhere = file is not null && own.Length > 0,
        };
    }

    private static string TokenIn(string file)
    {
        try
        {
            return BoundedFile.Read(file, LongestToken) is FileContent.Bytes bytes
                ? HeaderValue(Encoding.UTF8.GetString(bytes.Content).Trim())
                : "";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private const int LongestToken = 4_096;
    private const string SessionHeaderStart = "X-Relay-Session:";

    private static bool IsFurther(string argument) =>
        argument.StartsWith("X-Relay-", StringComparison.Ordinal) && !argument.StartsWith(SessionHeaderStart, StringComparison.Ordinal);

    private static string? SessionIn(string[] arguments) =>
        Array.Find(arguments, each => each.StartsWith(SessionHeaderStart, StringComparison.Ordinal))?[SessionHeaderStart.Length..];

    /// <summary>A bare number means seconds.</summary>
    private static int? SecondsOf(string text)
    {
        if (!int.TryParse(text, out var seconds))
            seconds = (int)Math.Min(Duration.Parse(text)?.TotalSeconds ?? 0, int.MaxValue);
        return seconds > 0 ? seconds : null;
    }

    private static string? ValueOf(string[] arguments, string name) =>
        Array.IndexOf(arguments, name) is var index and >= 0 && index + 1 < arguments.Length ? arguments[index + 1] : null;

    /// <summary>Empty for a text that is not printable ASCII: a line break in it could start another header.</summary>
    private static string HeaderValue(string text)
    {
        foreach (var c in text)
            if (c is < ' ' or > '~')
                return "";
        return text.Trim();
    }
}

using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Relay.Conversations;
using Relay.Operator;

namespace Relay.Cli;

/// <summary>relay hook session-start | post | wait: Claude Code's command hooks. They cost a session next to nothing and never break it: whatever
/// happens they exit 0 with an answer the client understands. Only the environment's token is used, for it is the one that the session's
/// http hooks and tools have: one read from the home would say "connected" of a session that is not.</summary>
internal static partial class Hook
{
    /// <summary>An asyncRewake hook that ends so wakes its session with what it wrote to standard error.</summary>
    public const int Wake = 2;

    public const int StandardError = 2;

    private const int StandardOutput = 1;
    private const int StartSeconds = 2, PostSeconds = 30;
    private const int Ok = 200, Unauthorized = 401, Forbidden = 403;

    public static int Run(string[] arguments)
    {
        var options = HookOptions.Parse(arguments);
        try
        {
            var input = ReadInput();
            switch (arguments is [var name, ..] ? name : "")
            {
                case "wait":
                    return HookWait.Run(options, input);
                case "session-start":
                    Print(SessionStart(options, input));
                    return ExitCode.Done;
                default:
                    Print(Post(options, input));
                    return ExitCode.Done;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            return ExitCode.Done; // Standard input or output is gone, and with it the session.
        }
    }

    /// <summary>What the relay says to a session that starts, or in one line why it says nothing.</summary>
    private static string SessionStart(HookOptions options, byte[] input)
    {
        if (options.Token.Length == 0)
            return NotConnected("RELAY_TOKEN is not set in the environment this session was started from");
        return Ask(options, input, StartSeconds) switch
        {
            { Status: Ok } answer when IsObject(answer.Body) => answer.Body,
            { Status: Unauthorized } => NotConnected("the token is wrong: RELAY_TOKEN of this session is not the relay's"),
            { Status: Forbidden } answer => NotConnected(Detail(answer.Body) ?? "it refuses this session"),
            { Status: var status } => NotConnected($"what answers at {options.Url} is no relay (HTTP {status})"),
            null => NotConnected(Moved(options) is { } elsewhere
                ? $"it now listens at {elsewhere} and this session asks at {options.Url}; run relay connect claude-code again"
                : $"nothing answers at {options.Url}; start it with: relay run"),
        };
    }

    private static string Post(HookOptions options, byte[] input) =>
        Ask(options, input, options.Seconds ?? PostSeconds) is { Status: Ok } answer && IsObject(answer.Body) ? answer.Body : "{}";

    private static TinyHttp.Answer? Ask(HookOptions options, byte[] input, int seconds) =>
        options.Address is { } address ? TinyHttp.Post(address, "/hooks/claude-code", options.Headers, input, seconds) : null;

    /// <summary>Where the home's relay listens, when that is not where this session was told.</summary>
    private static string? Moved(HookOptions options)
    {
        try
        {
            using var endpoint = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(options.Home, "state", "endpoint.json")));
            return endpoint.RootElement.GetProperty("url").GetString() is { } url && url != options.Url ? url : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Detail(string problem)
    {
        try
        {
            using var parsed = JsonDocument.Parse(problem);
            return parsed.RootElement.GetProperty("detail").GetString();
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string NotConnected(string why) =>
        $$$"""{"hookSpecificOutput":{"hookEventName":"SessionStart","additionalContext":"{{{JsonEncodedText.Encode($"Relay is not connected: {why}. The advisor cannot be asked; go on without it and tell the user.")}}}"}}""";

    private static bool IsObject(string body) => body.StartsWith('{') && body.EndsWith('}');

    // Not Console: it takes longer to load than all the rest.
    private static byte[] ReadInput()
    {
        using var input = new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        using var whole = new MemoryStream();
        input.CopyTo(whole);
        return whole.ToArray();
    }

    private static void Print(string answer) => Print(StandardOutput, answer);

    // Not FileStream: where the output is a file it writes at a place of its own, over what others append.
    internal static void Print(int stream, string line)
    {
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(line + "\n");
        while (!rest.IsEmpty && Write(stream, rest, (nuint)rest.Length) is var written and > 0)
            rest = rest[(int)written..];
    }

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int stream, ReadOnlySpan<byte> bytes, nuint count);
}

/// <summary>What a hook's command line and environment say: --home, --url, --session, --timeout.</summary>
internal sealed record HookOptions(string Home, string Url, string Session, int? Seconds, string Token)
{
    public TinyHttp.HostAndPort? Address => TinyHttp.HostAndPort.Of(Url);

    public string Headers => $"Authorization: Bearer {Token}\r\n{(Session.Length > 0 ? $"X-Relay-Session: {Session}\r\n" : "")}";

    public static HookOptions Parse(string[] arguments) => new(
        After(arguments, "--home") ?? "",
        (After(arguments, "--url") ?? "").TrimEnd('/'),
        OneLine(After(arguments, "--session") ?? Environment.GetEnvironmentVariable("RELAY_SESSION") ?? ""),
        int.TryParse(After(arguments, "--timeout"), out var seconds) && seconds > 0 ? seconds : null,
        OneLine(Environment.GetEnvironmentVariable("RELAY_TOKEN") ?? ""));

    private static string? After(string[] arguments, string name) =>
        Array.IndexOf(arguments, name) is var index and >= 0 && index + 1 < arguments.Length ? arguments[index + 1] : null;

    /// <summary>What goes into a header must not be able to start another one.</summary>
    private static string OneLine(string text)
    {
        foreach (var c in text)
            if (c is < ' ' or > '~')
                return "";
        return text.Trim();
    }
}

using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Relay.Agents.Connect;
using Relay.Configuration;

namespace Relay.Cli;

/// <summary>relay hook session-start | post | wait | headers: what Claude Code runs. They must be fast and must never break a session:
/// whatever happens, they answer so that the client understands it, and exit 0 unless they wake the session.
/// They use only a connection's token, and never the operator's: with that a session would be told that it is connected while its tools
/// are not.
/// Where the home can be read they speak over its socket alone: at the port, anybody may listen while the relay is down. Where it cannot,
/// the session is another user's, and a connection's token is all that goes over TCP.</summary>
internal static partial class Hook
{
    /// <summary>With this exit code an asyncRewake hook wakes its session. The session gets what was written to standard error.</summary>
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
            if (arguments is ["headers", ..])
            {
                Print(HookHeaders.Of(options));
                return ExitCode.Done;
            }
            var input = ReadInput();
            if (options.IsConnectedElsewhere)
                return ExitCode.Done;
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
            return ExitCode.Done; // Standard input or output is closed, so the session has ended.
        }
    }

    /// <summary>The relay's answer to a session that starts. If there is none, one line that says why.</summary>
    private static string SessionStart(HookOptions options, byte[] input)
    {
        var told = new StartWords(options, input);
        if (options.Token.Length == 0)
            return told.NotConnected("RELAY_SESSION_TOKEN is not set", told.Connect);
        if (OtherAddress(options) is { } other)
            return told.NotConnected($"it now listens at {other} and this session asks at {options.Url}", told.Connect);
        var answered = Send(options, input, StartSeconds);
        if (answered is not null)
            UnreachedRelay.ReachedByAll();
        return answered switch
        {
            { Status: Ok } response when IsObject(response.Body) => told.Connected(response.Body),
            { Status: Unauthorized } response => told.NotConnected(WrongToken(Detail(response.Body)), told.Connect),
            { Status: Forbidden } response => told.NotConnected(Detail(response.Body) ?? "it refuses this session", told.Connect),
            { Status: var status } response when Detail(response.Body) is { } detail =>
                told.NotConnected($"it refuses this event (HTTP {status}: {detail})", told.Connect),
            { Status: var status } => told.NotConnected($"what answers at {options.Place} is no relay (HTTP {status})", told.Connect),
            null => told.Unreached(),
        };
    }

    /// <summary>Nothing is said but this, once, to the user: that the relay went down while the session was open.</summary>
    private static string Post(HookOptions options, byte[] input)
    {
        if (Send(options, input, options.Seconds ?? PostSeconds) is not { } response)
            return options.MayTell && options.Token.Length > 0 && UnreachedRelay.Tell()
                ? HookScript.Unreached(options.Place, HookScript.StartOf(options.Home))
                : "{}";
        UnreachedRelay.Reached();
        return response.Status == Ok && IsObject(response.Body) ? response.Body : "{}";
    }

    private static TinyHttp.Response? Send(HookOptions options, byte[] input, int seconds) =>
        options.Address is { } address ? TinyHttp.Post(address, "/hooks/claude-code", options.Headers, input, seconds) : null;

    /// <summary>The address of the home's relay, if its port is another than the one this session's tools use.</summary>
    private static string? OtherAddress(HookOptions options)
    {
        try
        {
            return RunningEndpoint.Of(new RelayHome(options.Home)) is { } url
                && TinyHttp.HostAndPort.Parse(url)?.Port != TinyHttp.HostAndPort.Parse(options.Url)?.Port ? url : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null; // The home is not this user's to look into, or there is none of that name.
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

    private static string WrongToken(string? detail) => detail?.Contains("revoked", StringComparison.Ordinal) == true
        ? detail
        : "the token is wrong: RELAY_SESSION_TOKEN of this session is not the relay's";

    private static bool IsObject(string body) => body.StartsWith('{') && body.EndsWith('}');

    // Console is not used: loading it takes longer than everything else here.
    private static byte[] ReadInput()
    {
        using var input = new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        using var whole = new MemoryStream();
        input.CopyTo(whole);
        return whole.ToArray();
    }

    private static void Print(string answer) => Print(StandardOutput, answer);

    // FileStream is not used: if the output is a file, it keeps its own position and overwrites what others append.
    internal static void Print(int stream, string line)
    {
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(line + "\n");
        while (!rest.IsEmpty && Write(stream, rest, (nuint)rest.Length) is var written and > 0)
            rest = rest[(int)written..];
    }

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int stream, ReadOnlySpan<byte> bytes, nuint count);
}

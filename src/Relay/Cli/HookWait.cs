using System.Runtime.InteropServices;
using System.Text.Json;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Cli;

/// <summary>relay hook wait: waits for a reply as long as its session lives, and wakes the session if it is idle.
/// Each open session has such a process, so it must be small: it replaces itself with a shell script around curl, a few MiB.
/// Only without curl does the .NET process itself wait.</summary>
internal static partial class HookWait
{
    private const string Shell = "/bin/sh";

    /// <summary>How long the relay holds one request. The relay ends it and not this program:
    /// if this program gave a request up just when its answer comes, the reply would be lost.</summary>
    private const int HoldSeconds = 20;

    private const int LongestAnswerSeconds = 60, LongestPauseSeconds = 8;

    private const int Reply = 200, Nothing = 202, NotNeeded = 204, ClientFault = 400, OtherClientFault = 410;

    /// <summary>$1 is the address, $2 the client's process id, $3 curl, $4 the folder of the relay's socket, empty for TCP: a folder, for
    /// the path of a socket may not be long; $5 are more headers, $6 those of a session that begins, until it was heard once. The token
    /// comes from the environment and reaches curl through a pipe, because every user of the machine can read command lines. HTTP/1.0, so
    /// that the relay is who closes: an answer whose reader closes first counts as unread.</summary>
    private static readonly string Script = string.Create(System.Globalization.CultureInfo.InvariantCulture, $$"""
        headers='Authorization: Bearer %s\nX-Relay-Hold: {{HoldSeconds}}\nX-Relay-Introduce: 1\n%s%s'
        PATH=/usr/bin:/bin
        pause=1
        way=
        begins=$6
        if [ -n "$4" ]; then
            cd "$4" || exit 0
            way='--unix-socket relay.sock --http1.0'
        fi
        while kill -0 "$2" 2>/dev/null; do
            if answer=$(printf "$headers" "$RELAY_SESSION_TOKEN" "$5" "$begins" |
                "$3" -q -s --noproxy '*' $way --max-filesize 67108864 --max-time {{LongestAnswerSeconds}} \
                    -H @- -w '\n%{http_code}' "$1"); then
                code=${answer##*
        }
                case $code in
                200)
                    printf '%s\n' "${answer%
        *}" >&2
                    exit 2 ;;
                202)
                    pause=1
                    begins=
                    continue ;;
                204 | 40?)
                    exit 0 ;;
                esac
            fi
            sleep $pause
            [ $pause -ge {{LongestPauseSeconds}} ] || pause=$((pause * 2))
        done
        exit 0
        """);

    /// <summary>False for a headless session (claude -p). It cannot be woken,
    /// and it would be held up, because it runs even an asyncRewake hook in the foreground. One that was moved to the background when its
    /// window was left is attended by nobody either, but is the interactive client.</summary>
    private static bool IsAttended => Environment.GetEnvironmentVariable("CLAUDE_CODE_ENTRYPOINT") switch
    {
        "cli" => true,
        _ when Environment.GetEnvironmentVariable("CLAUDE_CODE_SESSION_ATTENDED") is { Length: > 0 } attended => attended != "0",
        var entry => entry?.StartsWith("sdk", StringComparison.Ordinal) != true,
    };

    public static int Run(HookOptions options, byte[] input)
    {
        if (!IsAttended || options.Token.Length == 0 || options.Address is not { } address || SessionId(input) is not { } agent)
            return ExitCode.Done;
        var path = $"/agents/{Uri.EscapeDataString(agent)}/wait";
        var client = int.TryParse(Environment.GetEnvironmentVariable("CLAUDE_PID"), out var pid) && pid > 0 ? pid : ParentProcess();
        var processId = FormattableString.Invariant($"{client}");
        var begins = Beginning(input);
        if (File.Exists(Shell) && Curl() is { } curl)
        {
            var folder = Path.GetDirectoryName(address.Socket) ?? "";
            var more = options.SessionHeader + $"X-Relay-Client: {processId}\n";
            ReplaceProcess( // Returns only if it fails.
                Shell,
                ["sh", "-c", Script, "relay-wait", $"http://{address.Authority}{path}", processId, curl, folder, more, begins, null]);
        }
        return Wait(options, address, path, client, begins);
    }

    /// <summary>The same loop as the script, for a machine without curl.</summary>
    private static int Wait(HookOptions options, TinyHttp.HostAndPort address, string path, int client, string begins)
    {
        var pause = 1;
        while (IsAlive(client))
        {
            var headers = $"{options.Headers}X-Relay-Hold: {HoldSeconds}\r\nX-Relay-Introduce: 1\r\nX-Relay-Client: {client}\r\n"
                + begins.Replace("\n", "\r\n");
            switch (TinyHttp.Get(address, path, headers, LongestAnswerSeconds))
            {
                case { Status: Reply } answer:
                    Hook.Print(Hook.StandardError, answer.Body);
                    return Hook.Wake;
                case { Status: Nothing }:
                    (pause, begins) = (1, "");
                    continue;
                case { Status: NotNeeded or (>= ClientFault and < OtherClientFault) }:
                    return ExitCode.Done;
            }
            _ = Sleep((uint)pause);
            pause = Math.Min(pause * 2, LongestPauseSeconds);
        }
        return ExitCode.Done;
    }

    /// <summary>Of a session that begins, with which the waiter may be heard before the other hook is. A path may hold anything.</summary>
    private static string Beginning(byte[] input)
    {
        try
        {
            using var parsed = JsonDocument.Parse(input);
            var hook = parsed.RootElement;
            return Text("hook_event_name") == "SessionStart"
                ? $"X-Relay-Begins: {Uri.EscapeDataString(Text("source"))}\nX-Relay-Folder: {Uri.EscapeDataString(Text("cwd"))}\n"
                : "";

            string Text(string name) => hook.TryGetProperty(name, out var value) ? value.ToString() : "";
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return "";
        }
    }

    private static string? SessionId(byte[] input)
    {
        try
        {
            using var parsed = JsonDocument.Parse(input);
            return parsed.RootElement.GetProperty("session_id").GetString() is { Length: > 0 } id ? id : null;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return Environment.GetEnvironmentVariable("CLAUDE_CODE_SESSION_ID") is { Length: > 0 } id ? id : null;
        }
    }

    /// <summary>Not one that the project brings: it gets the token.</summary>
    private static string? Curl() => ProgramFile.Find("curl") is ProgramFile.Search.Found found && !IsInProject(found.Path)
        ? found.Path
        : null;

    private static bool IsInProject(string program)
    {
        var told = Environment.GetEnvironmentVariable("CLAUDE_PROJECT_DIR");
        var project = string.IsNullOrEmpty(told) ? Directory.GetCurrentDirectory() : told;
        return Posix.RealPath(project) is { } folder && Paths.IsWithin(Posix.RealPath(program) ?? program, folder);
    }

    private static bool IsAlive(int process) => Kill(process, 0) == 0; // Signal 0 is not sent; it only tests whether the process exists.

    [LibraryImport("libc", EntryPoint = "execv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ReplaceProcess(string program, string?[] arguments);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentProcess();

    [LibraryImport("libc", EntryPoint = "sleep")]
    private static partial uint Sleep(uint seconds);
}

using System.Runtime.InteropServices;
using System.Text.Json;
using Relay.Conversations;
using Relay.Running;

namespace Relay.Cli;

/// <summary>relay hook wait: waits, as long as its session lives, for a reply that comes when the session is idle, and wakes it. There is one for
/// each open session, so it becomes a shell script around curl, a few MiB; only where there is no curl does .NET itself stay and wait.</summary>
internal static partial class HookWait
{
    private const string Shell = "/bin/sh";

    private const string Introduction = "A reply from the advisor, which this session has been waiting for:";

    /// <summary>Seconds of one request. The relay ends it, not we: a request given up in the moment of its answer would lose the reply.</summary>
    private const int HoldSeconds = 20, LongestAnswerSeconds = 60, LongestPauseSeconds = 8;

    private const int Reply = 200, Nothing = 202, NotNeeded = 204, ClientFault = 400, ServerFault = 500;

    /// <summary>$1 the address, $2 the client's process. The token comes by the environment and goes by a pipe: a command line can be read by anyone.</summary>
    private static readonly string Script = string.Create(System.Globalization.CultureInfo.InvariantCulture, $$"""
        pause=1
        while kill -0 "$2" 2>/dev/null; do
            if answer=$(printf 'Authorization: Bearer %s\nX-Relay-Hold: {{HoldSeconds}}\n' "$RELAY_TOKEN" | curl -q -s --noproxy '*' --max-time {{LongestAnswerSeconds}} -H @- -w '\n%{http_code}' "$1"); then
                code=${answer##*
        }
                case $code in
                200)
                    printf '%s\n\n%s\n' "{{Introduction}}" "${answer%
        *}" >&2
                    exit 2 ;;
                202)
                    pause=1
                    continue ;;
                204 | 4??)
                    exit 0 ;;
                esac
            fi
            sleep $pause
            [ $pause -ge {{LongestPauseSeconds}} ] || pause=$((pause * 2))
        done
        exit 0
        """);

    /// <summary>A headless session (claude -p) runs even an asyncRewake hook in the foreground: it must not be kept waiting, and cannot be woken.</summary>
    private static bool IsAttended => Environment.GetEnvironmentVariable("CLAUDE_CODE_SESSION_ATTENDED") is { Length: > 0 } attended
        ? attended != "0"
        : Environment.GetEnvironmentVariable("CLAUDE_CODE_ENTRYPOINT")?.StartsWith("sdk", StringComparison.Ordinal) != true;

    public static int Run(HookOptions options, byte[] input)
    {
        if (!IsAttended || options.Token.Length == 0 || options.Address is not { } address || SessionId(input) is not { } agent)
            return ExitCode.Done;
        var path = $"/agents/{Uri.EscapeDataString(agent)}/wait";
        var client = int.TryParse(Environment.GetEnvironmentVariable("CLAUDE_PID"), out var pid) && pid > 0 ? pid : ParentProcess();
        if (File.Exists(Shell) && IsInstalled("curl"))
            Become(Shell, ["sh", "-c", Script, "relay-wait", options.Url + path, FormattableString.Invariant($"{client}"), null]); // Returns only when it failed.
        return Stay(options, address, path, client);
    }

    /// <summary>The script's loop once more, for where there is no curl.</summary>
    private static int Stay(HookOptions options, TinyHttp.HostAndPort address, string path, int client)
    {
        var pause = 1;
        while (Kill(client, 0) == 0)
        {
            switch (TinyHttp.Get(address, path, $"{options.Headers}X-Relay-Hold: {HoldSeconds}\r\n", LongestAnswerSeconds))
            {
                case { Status: Reply } answer:
                    Hook.Print(Hook.StandardError, $"{Introduction}\n\n{answer.Body}");
                    return Hook.Wake;
                case { Status: Nothing }:
                    pause = 1;
                    continue;
                case { Status: NotNeeded or (>= ClientFault and < ServerFault) }:
                    return ExitCode.Done;
            }
            _ = Pause((uint)pause);
            pause = Math.Min(pause * 2, LongestPauseSeconds);
        }
        return ExitCode.Done;
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

    private static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)));

    [LibraryImport("libc", EntryPoint = "execv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Become(string program, string?[] arguments);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentProcess();

    [LibraryImport("libc", EntryPoint = "sleep")]
    private static partial uint Pause(uint seconds);
}

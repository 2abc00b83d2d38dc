using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Relay.Files.Platform;
using Relay.Texts;

namespace Relay.Agents.Waking;

/// <summary>How a wake command ended.</summary>
/// <param name="ExitCode">Null when the command could not be started or took too long.</param>
/// <param name="LastLine">The last line of its output.</param>
internal sealed record WakeOutcome(int? ExitCode, string LastLine)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>Without what the command wrote, which may be a model's words.</summary>
    public string Exit => ExitCode is { } code ? FormattableString.Invariant($"exit {code}") : "no exit";

    public override string ToString() => LastLine.Length > 0 ? $"{Exit}, {LastLine}" : Exit;
}

/// <summary>Runs the configured command. It is split into words and not run by a shell,
/// so an inserted value cannot become more than its word.</summary>
internal static class WakeCommand
{
    private const int LongestLine = 300;
    private static readonly TimeSpan Limit = TimeSpan.FromHours(1);

    /// <param name="command">The configured command.</param>
    /// <param name="agent">The session to wake.</param>
    /// <param name="text">What the command gets on its standard input.</param>
    /// <param name="token">The token of the connection that the woken session belongs to.</param>
    /// <param name="clock">Measures the time limit.</param>
    /// <param name="cancellationToken">Kills the command.</param>
    public static async Task<WakeOutcome> RunAsync(
        WakeLine command, Agent agent, string text, string token, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (command.Refusal(agent) is { } reason)
            return new WakeOutcome(null, reason);
        var start = new ProcessStartInfo(command.Program, command.ArgumentsFor(agent))
        {
            WorkingDirectory = WakeLine.FolderOf(agent),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        command.HideSecrets(start.Environment);
        start.Environment["RELAY_SESSION_TOKEN"] = token; // The woken session connects to the relay with it.
        using var limit = new CancellationTokenSource(Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var process = FileModes.AsStarted(() => Process.Start(start))!;
            return await FollowAsync(process, text, either.Token);
        }
        catch (Exception exception) when (exception is Win32Exception or IOException or DirectoryNotFoundException)
        {
            return new WakeOutcome(null, exception.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new WakeOutcome(null, $"ended after {Limit.TotalMinutes:0} minutes");
        }
    }

    private static async Task<WakeOutcome> FollowAsync(Process process, string text, CancellationToken cancellationToken)
    {
        try
        {
            var output = LastLineAsync(process.StandardOutput, cancellationToken);
            var error = LastLineAsync(process.StandardError, cancellationToken);
            var input = WriteAsync(process.StandardInput, text); // Not awaited here: a command that does not read it may still end.
            await process.WaitForExitAsync(cancellationToken);
            await input;
            var lines = (Output: await output, Error: await error);
            return new WakeOutcome(process.ExitCode, process.ExitCode == 0 || lines.Error.Length == 0 ? lines.Output : lines.Error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static async Task WriteAsync(StreamWriter input, string text)
    {
        try
        {
            await using (input)
                await input.WriteAsync(text);
        }
        catch (IOException)
        {
            // The command does not read its input. Its exit code says whether it worked.
        }
    }

    /// <summary>Of a line no more is kept than is shown, however long it is.</summary>
    internal static async Task<string> LastLineAsync(TextReader reader, CancellationToken cancellationToken)
    {
        var (last, line) = ("", new StringBuilder());
        var piece = new char[4_096];
        while (await reader.ReadAsync(piece, cancellationToken) is > 0 and var length)
            foreach (var next in piece.AsSpan(0, length))
                if (next is '\n' or '\r')
                    End();
                else if (line.Length < LongestLine)
                    line.Append(next);
        End();
        return last;

        void End()
        {
            if (!string.IsNullOrWhiteSpace(line.ToString()))
                last = Printable.OneLine(line.ToString());
            line.Clear();
        }
    }
}

using System.Runtime.InteropServices;

namespace Relay.Files.Platform;

/// <summary>Another program in the place of this one: with its terminal, its process id, its signals, and its exit code.</summary>
internal static partial class ProcessImage
{
    private const int BrokenPipe = 13; // SIGPIPE
    private const nint Default = 0;

    /// <summary>Returns only if it fails, with the reason.</summary>
    public static string Replace(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        string?[] all = [program, .. arguments, null];
        string?[] variables = [.. environment.Select(each => $"{each.Key}={each.Value}"), null];
        return FileModes.AsStarted(() =>
        {
            _ = SetSignal(BrokenPipe, Default); // The runtime ignores it, and what is ignored stays so in the new program.
            _ = Execute(program, all, variables);
            return Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
        });
    }

    [LibraryImport("libc", EntryPoint = "execve", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Execute(string program, string?[] arguments, string?[] environment);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetSignal(int signal, nint action);
}

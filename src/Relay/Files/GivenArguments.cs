using System.Text.Unicode;

namespace Relay.Files;

/// <summary>The arguments as they were given. The runtime shows U+FFFD in place of what is not UTF-8, and other words than those written
/// would be sent. Only Linux tells the bytes.</summary>
internal static class GivenArguments
{
    private const string Own = "/proc/self/cmdline";

    /// <summary>What is wrong with them, for people; null when nothing is, or it cannot be known.</summary>
    public static string? Fault(string[] arguments) =>
        OperatingSystem.IsLinux() && HoldsReplacement(arguments) ? FaultIn(File.ReadAllBytes(Own), arguments.Length) : null;

    /// <summary>Whether one holds what may stand for something else.</summary>
    public static bool HoldsReplacement(string[] arguments) => Array.Exists(arguments, argument => argument.Contains('\uFFFD'));

    /// <param name="line">The program and its arguments, each ended by a zero.</param>
    /// <param name="count">How many of the last are the arguments.</param>
    public static string? FaultIn(ReadOnlySpan<byte> line, int count)
    {
        var given = new List<byte[]>();
        for (; line.IndexOf((byte)0) is var end and >= 0; line = line[(end + 1)..])
            given.Add(line[..end].ToArray());
        foreach (var (index, argument) in given.TakeLast(count).Index())
            if (!Utf8.IsValid(argument))
                return $"argument {index + 1} is not valid UTF-8, at its byte {ValidStart(argument) + 1}; nothing was done";
        return null;
    }

    private static int ValidStart(ReadOnlySpan<byte> bytes)
    {
        var start = 0;
        while (System.Text.Rune.DecodeFromUtf8(bytes[start..], out _, out var length) == System.Buffers.OperationStatus.Done)
            start += length;
        return start;
    }
}

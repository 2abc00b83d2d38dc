namespace Relay.Running;

/// <summary>A disk without room, whichever file has met it first: one cause, told in the same words.</summary>
internal static class FullDisk
{
    /// <summary>How every fault of a full disk begins.</summary>
    public const string Words = "the disk is full";

    private const int NoSpace = 28; // ENOSPC, on Linux and macOS
    private const string InWordsOfTheRuntime = "because the disk was full";

    private static readonly int NoQuota = OperatingSystem.IsMacOS() ? 69 : 122; // EDQUOT

    public static bool Is(string fault) => fault.StartsWith(Words, StringComparison.Ordinal);

    public static bool Is(Exception exception) =>
        exception is IOException
        && (exception.HResult == NoSpace || exception.HResult == NoQuota
            || exception.Message.Contains(InWordsOfTheRuntime, StringComparison.Ordinal));

    /// <summary>A fault's words for people.</summary>
    public static string Explain(Exception exception) =>
        Is(exception) ? $"{Words}: make room; the relay goes on by itself ({exception.Message.TrimEnd('.')})" : exception.Message;
}

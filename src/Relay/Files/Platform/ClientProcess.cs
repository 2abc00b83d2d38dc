using System.Globalization;
using System.Net.Sockets;

namespace Relay.Files.Platform;

/// <summary>A process that is at the other end of a Unix socket, or has started who is: known by its number and by when it started, so that
/// a later process of that number is not taken for it. Only Linux tells.</summary>
internal static class ClientProcess
{
    private const int MostParents = 8;

    /// <summary>Null where it cannot be told that the process is an ancestor of the one that is connected: then the number means nothing
    /// here, as that of another machine or container.</summary>
    public static string? Of(Socket socket, int process)
    {
        var ancestor = Peer.ProcessOf(socket) ?? 0;
        for (var parents = 0; ancestor > 1 && parents <= MostParents; parents++)
        {
            if (Stat(ancestor) is not { } stat)
                return null;
            if (ancestor == process)
                return string.Create(CultureInfo.InvariantCulture, $"{process}:{stat.Started}");
            ancestor = stat.Parent;
        }
        return null;
    }

    public static bool IsThere(string identity) =>
        identity.Split(':') is [var number, var started]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var process)
        && Stat(process) is { IsEnded: false } stat
        && stat.Started.ToString(CultureInfo.InvariantCulture) == started;

    /// <param name="IsEnded">Only its parent has not taken note of it yet.</param>
    /// <param name="Parent">The number of the process that started it.</param>
    /// <param name="Started">In ticks since the machine was started.</param>
    private sealed record Facts(bool IsEnded, int Parent, ulong Started);

    /// <summary>proc(5): what comes after the name, which stands in brackets and may hold anything.</summary>
    private static Facts? Stat(int process)
    {
        try
        {
            var text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return new Facts(
                fields[0] is "Z" or "X",
                int.Parse(fields[1], CultureInfo.InvariantCulture),
                ulong.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }
}

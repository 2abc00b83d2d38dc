using System.Text.Json;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Configuration;

/// <summary>The address of the relay that runs on a home. A file that says so is not enough: its process must be there, be this user's or
/// the home's owner's, and hold the home's lock.</summary>
internal static class RunningEndpoint
{
    /// <summary>Null when none runs, or it is only starting or stopping.</summary>
    public static string? Of(RelayHome home)
    {
        if (InstanceLock.RunningProcess(home.LockFile) is not (> 0 and var holder) || !IsOurs(holder, home))
            return null;
        if (BoundedFile.ReadState(home.EndpointFile).Found is not { } bytes)
            return null;
        try
        {
            using var endpoint = JsonDocument.Parse(bytes);
            var root = endpoint.RootElement;
            var url = root.GetProperty("url").GetString();
            return root.GetProperty("pid").GetInt32() == holder && Uri.TryCreate(url, UriKind.Absolute, out _) ? url : null;
        }
        catch (Exception exception) when (
            exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Where there is no /proc, being allowed to signal it says the same, but for root.</summary>
    private static bool IsOurs(int process, RelayHome home) =>
        Posix.MaySignal(process)
        && (Posix.Lstat($"/proc/{process}") is not { } facts || facts.Owner == Posix.User || facts.Owner == Owners.Of(home.Root));
}

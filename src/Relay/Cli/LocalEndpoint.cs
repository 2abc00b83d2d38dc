using System.Text.Json;
using Relay.Configuration;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Cli;

/// <summary>Where the socket of a home's daemon lies.</summary>
internal static class LocalEndpoint
{
    /// <summary>Null when no daemon has said so, or what is said is not to be believed.</summary>
    public static string? Of(RelayHome home) => Of(home.State);

    /// <param name="state">The home's state folder.</param>
    public static string? Of(string state)
    {
        try
        {
            if (BoundedFile.ReadState(Path.Combine(state, "endpoint.json")).Found is not { } bytes)
                return null;
            using var endpoint = JsonDocument.Parse(bytes);
            return endpoint.RootElement.GetProperty("socket").GetString() is { } path && IsPrivate(path, state) ? path : null;
        }
        catch (Exception exception) when (
            exception is IOException or UnauthorizedAccessException or ArgumentException
                or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>In the home, or in a folder that nobody can enter but whom the home belongs to.</summary>
    private static bool IsPrivate(string path, string state)
    {
        var folder = Path.GetDirectoryName(path);
        if (folder is null || Path.GetFileName(path) != LocalSocket.Name)
            return false;
        return folder == Path.GetFullPath(state)
            || (Posix.Lstat(folder) is { Kind: FileKind.Folder } facts && (facts.Owner == 0 || facts.Owner == Posix.Lstat(state)?.Owner)
                && (File.GetUnixFileMode(folder) & ~OwnerAlone) == 0);
    }

    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
}

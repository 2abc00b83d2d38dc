using System.Text.Json;
using Relay.Files;

namespace Relay.Configuration;

/// <summary>When a connection's token was used last, and from which address.</summary>
internal sealed record ConnectionUse(DateTimeOffset At, string From);

/// <summary>Remembers the last use of each connection in a file that only the daemon writes, at most once a minute for each. It is
/// for people: a use that cannot be written down is let through.</summary>
internal sealed class ConnectionUses(RelayHome home, TimeProvider clock)
{
    private static readonly TimeSpan Often = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private Dictionary<string, ConnectionUse>? _uses;

    public void Note(string name, string from)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            _uses ??= Read(home);
            if (_uses.TryGetValue(name, out var last) && last.From == from && (now - last.At).Duration() < Often)
                return;
            _uses[name] = new ConnectionUse(now, from);
            try
            {
                DurableFile.Replace(home.ConnectionUses, JsonSerializer.SerializeToUtf8Bytes(_uses));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return; // It is still known here, and written with the next one.
            }
        }
    }

    /// <summary>Empty when nothing is known.</summary>
    public static Dictionary<string, ConnectionUse> Read(RelayHome home)
    {
        try
        {
            return BoundedFile.Read(home.ConnectionUses, LargestFile) is FileContent.Bytes bytes
                ? JsonSerializer.Deserialize<Dictionary<string, ConnectionUse>>(bytes.Content) ?? []
                : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private const int LargestFile = 4 * 1024 * 1024;
}

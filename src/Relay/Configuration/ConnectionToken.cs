using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Relay.Configuration;

/// <summary>NAME.SERIAL.MAC, where only the relay's key makes the MAC. So the token can be printed again without being kept.</summary>
internal static partial class ConnectionToken
{
    public const int KeyBytes = 32;
    private const int SerialBytes = 9;

    public static string NewSerial() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SerialBytes));

    public static string Of(ConnectionEntry entry, byte[] key)
    {
        var claim = Encoding.UTF8.GetBytes($"relay connection 1\n{entry.Name}\n{entry.Serial}");
        return $"{entry.Name}.{entry.Serial}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, claim))}";
    }

    /// <summary>Of whom it says to be; null for what has not its form.</summary>
    public static string? ClaimedName(string token) => Form().Match(token) is { Success: true } match ? match.Groups["name"].Value : null;

    /// <summary>In a time that tells neither how much of it is right nor how long it should be.</summary>
    public static bool AreSame(string given, string right) =>
        CryptographicOperations.FixedTimeEquals(Digest(given), Digest(right));

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    [GeneratedRegex(@"\A(?<name>[A-Za-z0-9_-]{1,56})\.[A-Za-z0-9_-]{12}\.[A-Za-z0-9_-]{43}\z")]
    private static partial Regex Form();
}

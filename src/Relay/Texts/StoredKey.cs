using System.Security.Cryptography;
using System.Text;

namespace Relay.Texts;

/// <summary>A key that somebody else chose, as it is stored.
/// It can be of any length, and an index of PostgreSQL's takes 2,700 bytes.</summary>
internal static class StoredKey
{
    /// <summary>In characters, of up to three bytes each.</summary>
    private const int Longest = 500;

    /// <summary>A longer one is its beginning and a hash of the whole.</summary>
    public static string Of(string key) => key.Length <= Longest
        ? key
        : $"{key[..200]}#{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}";
}

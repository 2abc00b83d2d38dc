using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

public sealed class TokenStrengthTests
{
    [Theory]
    [InlineData("fo1vyRkO8SxPiZk3oPS3uA", true)] // 22 of base64url: 132 bits.
    [InlineData("fo1vyRkO8SxPiZk3oPS3u", false)] // 21: 126 bits.
    [InlineData("5f2c9d0be1a84736c0d9e8f7a6b54321", true)] // 32 hexadecimal digits.
    [InlineData("5f2c9d0be1a84736c0d9e8f7a6b5432", false)]
    [InlineData("5F2C9D0BE1A84736C0D9E8F7A6B54321", true)]
    [InlineData("5f2c9d0b-e1a8-4736-c0d9-e8f7a6b54321", true)]
    [InlineData("5f2c9d0b-e1a8-4736-c0d9", false)] // The hyphens count for nothing.
    [InlineData("31415926535897932384626433832795", false)] // Decimal digits alone: 106 bits.
    [InlineData("314159265358979323846264338327950288419", true)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    [InlineData("abababababababababababababababababababab", false)]
    [InlineData("passwordpasswordpasswordpassword", false)]
    [InlineData("token", false)]
    public void A_token_set_by_hand_needs_128_bits(string token, bool isEnough) => Assert.Equal(isEnough, TokenStrength.IsEnough(token));

    [Fact]
    public void What_is_allowed_is_said_in_numbers()
    {
        var faults = new List<ConfigFault>();

        Secrets.Resolve(
            DotEnv.Load("/no/such/file", faults), new Dictionary<string, string> { ["RELAY_TOKEN"] = "short" }, faults);

        var said = Assert.Single(faults).ToString();
        Assert.Contains("22 characters", said, StringComparison.Ordinal);
        Assert.Contains("32 hexadecimal digits", said, StringComparison.Ordinal);
        Assert.DoesNotContain("short", said, StringComparison.Ordinal);
    }
}

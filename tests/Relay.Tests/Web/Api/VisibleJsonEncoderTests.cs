using System.Text.Json;
using Relay.Http;
using Relay.Texts;
using Xunit;

namespace Relay.Tests.Web.Api;

public sealed class VisibleJsonEncoderTests
{
    [Fact]
    public void What_cannot_be_seen_is_escaped_in_JSON_and_the_JSON_says_the_same()
    {
        var all = string.Concat(Enumerable.Range(0, 0xD800).Concat(Enumerable.Range(0xE000, 0x2000)).Select(code => (char)code))
            + "\U000e0041\U000e0100\U0010fffd🙂";

        var json = JsonSerializer.Serialize(all, Json.Options);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(all, Json.Options);

        Assert.DoesNotContain(json.EnumerateRunes(), Visible.IsHidden);
        Assert.Equal(all, JsonSerializer.Deserialize<string>(json));
        Assert.Equal(all, JsonSerializer.Deserialize<string>(bytes));
        Assert.Equal("\"Größe 日本 <&>'\"", JsonSerializer.Serialize("Größe 日本 <&>'", Json.Options));
    }
}

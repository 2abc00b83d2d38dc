using System.Text;
using Relay.Files;
using Xunit;

namespace Relay.Tests.Files;

public sealed class GivenArgumentsTests
{
    [Theory]
    [InlineData("send", "--session", "s", "caf\u00e9")]
    [InlineData("send", "", "\uFFFD", "\ud83d\ude42")]
    public void What_is_UTF8_is_no_fault(params string[] arguments) =>
        Assert.Null(GivenArguments.FaultIn(Line(Array.ConvertAll(arguments, Encoding.UTF8.GetBytes)), arguments.Length));

    [Fact]
    public void What_is_not_is_named_with_its_place()
    {
        var line = Line([0xFF], "relay.dll"u8.ToArray(), "send"u8.ToArray(), [.. "caf"u8, 0xE9, (byte)'x']);

        Assert.Equal("argument 2 is not valid UTF-8, at its byte 4; nothing was done", GivenArguments.FaultIn(line, 2));
    }

    private static byte[] Line(params byte[][] arguments) => [.. arguments.SelectMany(argument => argument.Append((byte)0))];
}

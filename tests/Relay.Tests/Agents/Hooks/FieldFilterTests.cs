using System.Text;
using System.Text.Json.Nodes;
using Relay.Agents.Hooks;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

public sealed class FieldFilterTests
{
    private static readonly HashSet<string> Wanted = ["a", "b", "input", "small"];
    private static readonly Dictionary<string, int> Optional = new() { ["input"] = 1_000, ["small"] = 20 };

    [Theory]
    [InlineData("""{"a":1,"x":{"a":2,"y":"}"},"b":[1,{"a":","}]}""", """{"a":1,"b":[1,{"a":","}]}""")]
    [InlineData("""  { "x" : "\\\"," , "a" : "\"}" }  """, """{"a": "\"}" }""")]
    [InlineData("""{"x":[[[{"a":"["}]]],"input":{"deep":{"x":1}}}""", """{"input":{"deep":{"x":1}}}""")]
    [InlineData("{}", "{}")]
    [InlineData("""{"x":"ünïcode \ud83d\ude00 家","a":"家"}""", """{"a":"家"}""")]
    [InlineData("""[{"a":1}]""", null)]
    [InlineData("""{"a":1""", null)]
    [InlineData("""{"a":1}{"b":2}""", null)]
    [InlineData("""{a:1}""", null)]
    [InlineData("null", null)]
    [InlineData("", null)]
    public void What_is_wanted_is_kept_in_whatever_pieces_it_comes(string json, string? kept)
    {
        foreach (var size in (int[])[1, 2, 7, 1_000])
        {
            var filter = new FieldFilter(Wanted, Optional, 1_000);
            foreach (var piece in Encoding.UTF8.GetBytes(json).Chunk(size))
                filter.Add(piece);
            Assert.Equal(Normal(kept), Normal(filter.Object is { } bytes ? Encoding.UTF8.GetString(bytes) : null));
        }
    }

    [Theory]
    [InlineData("a", true, false)]
    [InlineData("input", false, true)]
    [InlineData("small", false, true)]
    [InlineData("small", false, true, 20)]
    [InlineData("x", false, false)]
    public void Nothing_is_kept_beyond_the_limit(string name, bool tooLarge, bool cut, int length = 2_000)
    {
        var filter = new FieldFilter(Wanted, Optional, 1_000);

        filter.Add(Encoding.UTF8.GetBytes($$"""{"b":1,"{{name}}":"{{new string('z', length)}}","a":7}"""));

        Assert.Equal((tooLarge, cut), (filter.IsTooLarge, filter.Cut.Contains(name)));
        if (!tooLarge)
            Assert.Equal("""{"b":1,"a":7}""", Normal(Encoding.UTF8.GetString(filter.Object!)));
    }

    private static string? Normal(string? json) => json is null ? null : JsonNode.Parse(json)!.ToJsonString();
}

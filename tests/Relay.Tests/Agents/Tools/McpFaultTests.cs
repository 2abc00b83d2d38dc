using System.Text;
using System.Text.Json.Nodes;
using Relay.Agents.Tools;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Tools;

public sealed class McpFaultTests
{
    [Theory]
    [InlineData("garbage", -32700, null)]
    [InlineData("{", -32700, null)]
    [InlineData("[]", -32600, null)]
    [InlineData("5", -32600, null)]
    [InlineData("{}", -32600, null)]
    [InlineData("""{"jsonrpc":"1.0","id":4,"method":"ping"}""", -32600, "4")]
    [InlineData("""{"jsonrpc":"2.0","id":"a"}""", -32600, "\"a\"")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"ping"}""", -32600, null)]
    [InlineData("""{"jsonrpc":"2.0","id":1.5,"method":"ping"}""", -32600, null)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":5}""", -32600, "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":5}""", -32602, "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}""", -32602, "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call"}""", -32602, "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{}}}""", -32602, "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":5}}""", -32602, "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":[]}}""", -32602, "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":"b"}}""", -32602, "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"\ud800"}}""", -32602, "1")]
    public void What_cannot_be_is_answered_with_its_code_and_its_id(string message, int code, string? id)
    {
        var answer = McpFault.Of(Encoding.UTF8.GetBytes(message))?.Answer;

        Assert.Equal(code, (int?)answer?["error"]!["code"]);
        Assert.True(answer!.ContainsKey("id"));
        Assert.Equal(id, answer["id"]?.ToJsonString());
    }

    [Fact]
    public void Of_an_argument_that_is_no_text_the_model_is_told()
    {
        const string call = """{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a","arguments":{"question":"\ud800"}}}""";
        var result = McpFault.Of(Encoding.UTF8.GetBytes(call))?.Answer?["result"];

        Assert.True((bool?)result?["isError"]);
        Assert.Contains("\"question\" holds a lone surrogate", (string?)result!["content"]![0]!["text"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/initialized"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","params":null}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":null}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":{}}""")]
    public void What_can_be_has_no_fault(string message) => Assert.Null(McpFault.Of(Encoding.UTF8.GetBytes(message)));

    [Fact]
    public void A_notification_gets_no_answer() =>
        Assert.Null(Assert.IsType<McpFault>(McpFault.Of("""{"jsonrpc":"2.0","method":"notifications/x","params":5}"""u8.ToArray())).Answer);

    [Fact]
    public async Task Over_HTTP_it_is_the_same()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp");
        request.Headers.Add("Accept", "application/json, text/event-stream");
        request.Content = new StringContent(
            """{"jsonrpc":"2.0","id":8,"method":"tools/call","params":5}""", Encoding.UTF8, "application/json");
        using var answered = await relay.Client.SendAsync(request, TestContext.Current.CancellationToken);

        var answer = JsonNode.Parse(await answered.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal((-32602, 8), ((int)answer["error"]!["code"]!, (int)answer["id"]!));
    }
}

using System.IO.Pipelines;
using System.Text;
using Relay.Cli;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class McpLinesTests : IDisposable
{
    private readonly Pipe _input = new();
    private readonly MemoryStream _output = new();
    private readonly List<string> _answered = [];
    private readonly McpLines _lines;

    public McpLinesTests() => _lines = New(_output);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _lines.Dispose();

    [Theory]
    [InlineData("7", "7")]
    [InlineData("\"7\"", "\"7\"")]
    public async Task After_the_end_of_the_input_what_was_asked_is_answered_still(string asked, string answered)
    {
        var reading = _lines.ReadAsync(Token);
        await SayAsync($$"""{"jsonrpc":"2.0","id":{{asked}},"method":"tools/list"}""" + "\r\n\n");
        await _input.Writer.CompleteAsync();
        var server = new StreamReader(_lines.ToServer);
        Assert.Contains("tools/list", await server.ReadLineAsync(Token), StringComparison.Ordinal);

        await AnswerAsync("""{"jsonrpc":"2.0","id":99,"result":{}}""");
        Assert.False(reading.IsCompleted);
        await AnswerAsync($$$"""{"jsonrpc":"2.0","id":{{{answered}}},"result":{}}""");

        await reading.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Null(await server.ReadLineAsync(Token)); // Only now the server is told of the end.
        Assert.Equal([$"{(asked[0] == '"' ? "s" : "n")}7 True"], _answered);
    }

    [Fact]
    public async Task What_was_cancelled_is_not_waited_for()
    {
        var reading = _lines.ReadAsync(Token);
        await SayAsync("""{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a"}}""" + "\n");
        await SayAsync("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}""" + "\n");
        await _input.Writer.CompleteAsync();

        await reading.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal(["n7 False"], _answered);
    }

    [Fact]
    public async Task What_is_no_message_is_answered_and_goes_no_further()
    {
        var reading = _lines.ReadAsync(Token);
        await SayAsync("garbage\n5");
        await _input.Writer.CompleteAsync();
        await reading.WaitAsync(TimeSpan.FromSeconds(30), Token);

        var said = Encoding.UTF8.GetString(_output.ToArray()).Split('\n');
        Assert.Contains("-32700", said[0], StringComparison.Ordinal);
        Assert.Contains("-32600", said[1], StringComparison.Ordinal);
        Assert.Equal(3, said.Length);
        Assert.Equal("", await new StreamReader(_lines.ToServer).ReadToEndAsync(Token));
    }

    [Fact]
    public async Task An_answer_that_nobody_reads_is_told_as_not_written()
    {
        await using var gone = new Gone();
        using var lines = New(gone);
        _ = lines.ReadAsync(Token);
        await SayAsync("""{"jsonrpc":"2.0","id":7,"method":"tools/list"}""" + "\n");
        await new StreamReader(lines.ToServer).ReadLineAsync(Token);

        await Assert.ThrowsAsync<IOException>(
            () => lines.FromServer.WriteAsync("""{"id":7,"result":{}}"""u8.ToArray().Append((byte)'\n').ToArray(), Token).AsTask());

        Assert.Equal(["n7 False"], _answered);
        Assert.True(lines.Broken.IsCompleted);
    }

    private McpLines New(Stream output) => new(_input.Reader.AsStream(), output, (key, isWritten) =>
    {
        _answered.Add($"{key} {isWritten}");
        return Task.CompletedTask;
    });

    private async Task SayAsync(string text) => await _input.Writer.WriteAsync(Encoding.UTF8.GetBytes(text), Token);

    /// <summary>In two parts, as the SDK writes.</summary>
    private async Task AnswerAsync(string line)
    {
        await _lines.FromServer.WriteAsync(Encoding.UTF8.GetBytes(line), Token);
        await _lines.FromServer.WriteAsync("\n"u8.ToArray(), Token);
    }

    private sealed class Gone : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("Broken pipe");

        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe");
    }
}

using System.IO.Compression;
using System.Text;
using Relay.Advisor;
using Relay.Advisor.Anthropic;
using Relay.Http;
using Relay.Operator.Pages;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Advisor.Anthropic;

/// <summary>No answer is read further than it can be of use, whatever it is and however it was compressed.</summary>
public sealed class BoundedAnswerTests
{
    /// <summary>What may lie between the two, over what was read.</summary>
    private const int Buffered = 24 * 1024 * 1024;

    [Theory]
    [InlineData("text/event-stream", "event: ping\ndata: {\"type\": \"ping\"}\n\n")]
    [InlineData("text/event-stream", "data: {\"type\": \"content_block_delta\", \"delta\": {\"text\": \"words \"}}\n\n")]
    [InlineData("text/event-stream", ": a comment\n")]
    public async Task A_stream_that_does_not_end_is_given_up_and_counts_as_perhaps_paid(string type, string piece)
    {
        await using var api = new PouringServer(200, type, piece);
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.Equal("the answer is larger than 32 MiB", outcome.Reason);
        Assert.True(outcome.PerhapsPaid);
        Assert.InRange(api.Sent, 1, Outgoing.LongestReply + Buffered);
    }

    [Theory]
    [InlineData("data: ", "xxxxxxxxxxxxxxxx")]
    [InlineData("data: {\"type\": \"ping\"}\n\nda", "ta")]
    public async Task A_line_that_does_not_end_is_given_up_sooner(string start, string piece)
    {
        await using var api = new PouringServer(200, "text/event-stream", piece, start);
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.Equal("the answer has a line of more than 4 MiB", outcome.Reason);
        Assert.True(outcome.PerhapsPaid);
        Assert.InRange(api.Sent, 1, Buffered);
    }

    [Fact]
    public async Task A_reply_in_one_piece_that_does_not_end_is_given_up_too()
    {
        await using var api = new PouringServer(200, "application/json", "words }}", """{"type": "message", "content": [{"text": " """);
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.Equal(("the answer is larger than 32 MiB", true), (outcome.Reason, outcome.PerhapsPaid));
        Assert.InRange(api.Sent, 1, Outgoing.LongestReply + Buffered);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task What_is_compressed_is_bounded_by_what_comes_out(string encoding)
    {
        var bomb = Compressed(encoding, ": nothing but a comment, again and again and again and again\n", 64 * 1024 * 1024);
        await using var api = await RawMessagesApi.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.ContentEncoding = encoding;
            await context.Response.Body.WriteAsync(bomb, context.RequestAborted);
        });
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.True(bomb.Length < 1024 * 1024);
        Assert.Equal(("the answer is larger than 32 MiB", true), (outcome.Reason, outcome.PerhapsPaid));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(503)]
    public async Task An_error_is_known_by_its_beginning(int status)
    {
        await using var api = new PouringServer(status, "text/plain", "no ");
        using var rig = new AdvisorRig(api.Address);

        var outcome = await rig.AskAsync();

        Assert.IsNotType<AdvisorOutcome.Replied>(outcome);
        Assert.False(outcome.PerhapsPaid);
        Assert.InRange(api.Sent, 1, Buffered);
    }

    [Fact]
    public async Task A_count_that_does_not_end_is_none()
    {
        await using var api = new PouringServer(200, "application/json", "1", """{"input_tokens": """);
        using var rig = new AdvisorRig(api.Address);

        Assert.Null(await rig.Advisor.CountTokensAsync(AdvisorRig.Question(), TestContext.Current.CancellationToken));

        Assert.InRange(api.Sent, 1, Buffered);
    }

    [Fact]
    public async Task A_pages_answer_is_read_at_its_beginning_alone()
    {
        await using var server = new PouringServer(200, "application/json", "{}");
        await using var relay = await TempRelay.CreateAsync(ntfy: server.Address);
        var page = new QueuedPage("id", PageCause.Online, "title", "text", Priority: 3, "tag", Attempts: 0);

        Assert.IsType<Push.Failed>(await relay.Get<NtfyClient>().PublishAsync(page, TestContext.Current.CancellationToken));

        Assert.InRange(server.Sent, 1, Buffered);
    }

    [Theory]
    [InlineData("""{"a": "}", "b": {"c": [1, "\"}"]}} rest""", 34)]
    [InlineData("""  {"a": "\\"}""", 13)]
    [InlineData("""{"a": "}""", null)]
    public void The_end_of_an_object_is_found_though_it_comes_byte_by_byte(string text, int? end)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var found = new ObjectEnd();

        var at = Array.FindIndex(bytes, next => found.IsIn([next]));

        Assert.Equal(end, at < 0 ? null : at + 1);
    }

    private static byte[] Compressed(string encoding, string line, int size)
    {
        using var packed = new MemoryStream();
        using (Stream packing = encoding switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest),
            "br" => new BrotliStream(packed, CompressionLevel.Fastest),
            _ => new ZLibStream(packed, CompressionLevel.Fastest),
        })
        {
            var many = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(line, 1_000)));
            for (var written = 0; written < size; written += many.Length)
                packing.Write(many);
        }
        return packed.ToArray();
    }
}

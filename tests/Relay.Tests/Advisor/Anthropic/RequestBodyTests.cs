using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Relay.Advisor;
using Relay.Advisor.Anthropic;
using Relay.Configuration;
using Relay.Conversations;
using Xunit;

namespace Relay.Tests.Advisor.Anthropic;

/// <summary>The very bytes of a body. The API finds in its cache only a prefix that is the same to the byte: if one changes, every
/// conversation is paid for in full once more.</summary>
public sealed class RequestBodyTests
{
    private const string Hour = ""","cache_control":{"type":"ephemeral","ttl":"1h"}""";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    [Theory]
    [InlineData("Auto", "")]
    [InlineData("Off", "")]
    [InlineData("FiveMinutes", ""","cache_control":{"type":"ephemeral","ttl":"5m"}""")]
    [InlineData("OneHour", Hour)]
    public async Task A_lifetime_marks_the_system_and_the_last_two_user_messages_but_never_an_aside(string ttl, string mark)
    {
        var call = AdvisorRig.Call(
            Enum.Parse<CacheTtl>(ttl), User("one"), Assistant("two"), User("three", "four"), Assistant("five", "six"), User("seven"));

        var upToTheAside = Head(mark) + $$"""
            {"role":"user","content":[{"type":"text","text":"one"}]},
            {"role":"assistant","content":[{"type":"text","text":"two"}]},
            {"role":"user","content":[{"type":"text","text":"three"},{"type":"text","text":"four"{{mark}}}]},
            {"role":"assistant","content":[{"type":"text","text":"five"},{"type":"text","text":"six"}]},
            {"role":"user","content":[{"type":"text","text":"seven"{{mark}}}
            """.Replace("\n", "", StringComparison.Ordinal);
        Assert.Equal(upToTheAside + "]}]}", await WrittenAsync(call));
        Assert.Equal(
            upToTheAside + """,{"type":"text","text":"It is \"late\"."}]}]}""",
            await WrittenAsync(call with { Aside = "It is \"late\"." }));
    }

    [Fact] // And no theory: an attribute cannot hold a lone surrogate.
    public async Task Lone_surrogates_and_control_characters_are_written_as_ever()
    {
        var controls = string.Concat(Enumerable.Range(0, 0x20).Select(code => (char)code));

        await AssertWrittenAsync("a\ud800b\udc00c \udc00\ud800", """a\uFFFDb\uFFFDc \uFFFD\uFFFD""");
        await AssertWrittenAsync(
            controls,
            """\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000B\f\r\u000E\u000F"""
            + """\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F""");
        await AssertWrittenAsync("\u007f\u0085\u00a0\u2028\ufeff\uffff\ue000", """\u007F\u0085\u00A0\u2028\uFEFF\uFFFF\uE000""");
        await AssertWrittenAsync("\"\\/<>&'+` é\u200b\ufffd", """\"\\/<>&'+` é""" + "\u200b\ufffd");
        await AssertWrittenAsync("😀\U0001d11e", """\uD83D\uDE00\uD834\uDD1E""");
    }

    [Fact]
    public async Task Where_there_is_no_message_or_no_block_a_body_has_none()
    {
        var none = AdvisorRig.Call(CacheTtl.OneHour);
        var empty = AdvisorRig.Call(CacheTtl.OneHour, User());

        Assert.Equal(Head(Hour) + "]}", await WrittenAsync(none));
        Assert.Equal(Head(Hour) + "]}", await WrittenAsync(none with { Aside = "Now." }));
        Assert.Equal(Head(Hour) + """{"role":"user","content":[]}]}""", await WrittenAsync(empty));
        Assert.Equal(
            Head(Hour) + """{"role":"user","content":[{"type":"text","text":"Now."}]}]}""",
            await WrittenAsync(empty with { Aside = "Now." }));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("é\n")]
    [InlineData("x😀")] // Pairs of surrogates, at every offset.
    [InlineData("\"\u2028😀")]
    public async Task A_long_text_is_the_same_bytes_as_its_parts(string part)
    {
        const int times = 20_000;
        var one = JsonEncodedText.Encode(part, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();

        await AssertWrittenAsync(Repeat(part, times), Repeat(one, times));
        await AssertWrittenAsync("a" + Repeat(part, times), "a" + Repeat(one, times));
    }

    [Fact]
    public void A_long_text_takes_no_room_for_a_multiple_of_it()
    {
        const int length = 1_000_000;
        var call = AdvisorRig.Call(CacheTtl.Off, User(Repeat("x\n", length / 2)));
        using var first = new RequestBody(call);

        var before = GC.GetAllocatedBytesForCurrentThread();
        using var body = new RequestBody(call);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(allocated < 4 * length, $"{allocated:N0} bytes"); // It is 1.5 times as long, and no segment is quite full.
    }

    private static string Repeat(string part, int times) => string.Concat(Enumerable.Repeat(part, times));

    private static PromptMessage User(params List<string> blocks) => new(EntryRole.User, blocks);

    private static PromptMessage Assistant(params List<string> blocks) => new(EntryRole.Assistant, blocks);

    private static string Head(string mark) => $$"""
        {"model":"claude-opus-5-5","max_tokens":16000,"stream":true,
        "system":[{"type":"text","text":"You are the advisor."{{mark}}}],"messages":[
        """.Replace("\n", "", StringComparison.Ordinal);

    private static async Task AssertWrittenAsync(string text, string written) => Assert.Equal(
        Head("") + $$"""{"role":"user","content":[{"type":"text","text":"{{written}}"}]}]}""",
        await WrittenAsync(AdvisorRig.Call(CacheTtl.Off, User(text))));

    private static async Task<string> WrittenAsync(AdvisorCall call)
    {
        using var body = new RequestBody(call);

        var bytes = await body.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        Assert.Equal(bytes.Length, body.Headers.ContentLength);
        return Strict.GetString(bytes);
    }
}

using System.Text;
using Xunit;

namespace Relay.Tests.Intake;

/// <summary>What a file must hold to be an envelope.</summary>
public sealed class EnvelopeFormatTests : QueueTests
{
    [Theory]
    [InlineData("relay")]
    [InlineData("OPERATOR")]
    [InlineData("operator-jc")]
    [InlineData("Advisor")]
    [InlineData("assistant")]
    [InlineData("System")]
    [InlineData("human")]
    [InlineData("user")]
    [InlineData("jc")]
    public async Task A_reserved_name_is_rejected_in_any_case(string name)
    {
        Write("m.json", $$"""{"session_id": "{{name}}", "content": "x"}""");

        await ScanAsync();

        Assert.Empty(await MessagesAsync());
        Assert.Matches("reserved|own name", Reason("m"));
    }

    [Fact]
    public async Task A_byte_order_mark_is_tolerated()
    {
        Write("bom.json", [0xEF, 0xBB, 0xBF, .. """{"session_id":"session-1","content":"with a mark"}"""u8]);

        await ScanAsync();

        Assert.Equal("with a mark", Assert.Single(await MessagesAsync()).Content);
    }

    [Theory]
    [InlineData("[1,2]", "an array")]
    [InlineData("\"text\"", "a string")]
    [InlineData("17", "a number")]
    [InlineData("null", "null")]
    [InlineData("true", "a boolean")]
    [InlineData("{}", "\"session_id\" is missing")]
    [InlineData("""{"session_id":"s"}""", "\"content\" is missing")]
    [InlineData("""{"content":"c"}""", "\"session_id\" is missing")]
    [InlineData("""{"session_id":"","content":"c"}""", "\"session_id\" is empty")]
    [InlineData("""{"session_id":"s","content":""}""", "\"content\" is empty")]
    [InlineData("""{"session_id":"s","content":" \t\r\n "}""", "\"content\" is empty")]
    [InlineData("""{"session_id":"s","content":null}""", "\"content\" must be a string, it is null")]
    [InlineData("""{"session_id":"s","content":5}""", "\"content\" must be a string, it is a number")]
    [InlineData("""{"session_id":"s","content":["c"]}""", "\"content\" must be a string, it is an array")]
    [InlineData("""{"session_id":{"a":1},"content":"c"}""", "\"session_id\" must be a string, it is an object")]
    [InlineData("""{"session_id":1e99999,"content":"c"}""", "\"session_id\" must be a string, it is a number")]
    [InlineData("""{"session_id":"s","content":"c","id":7}""", "\"id\" must be a string, it is a number")]
    [InlineData("""{"session_id":"s","content":"c","id":""}""", "\"id\" is empty")]
    [InlineData("""{"SESSION_ID":"s","content":"c"}""", "\"session_id\" is missing")]
    [InlineData("""{"session_id":"../../etc","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"..","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":".staged","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"a/b","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"a\u0000","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"session-1\n","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":" session-1","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"session-\u0661","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"sessi\u00f6n","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"s","content":"\ud800"}""", "\"content\" holds a lone surrogate")]
    [InlineData("""{"session_id":"s","content":"a\udc00b"}""", "\"content\" holds a lone surrogate")]
    [InlineData("""{"session_id":"\ud800","content":"c"}""", "\"session_id\" holds a lone surrogate")]
    [InlineData("""{"session_id":"s","content":"c","id":"\ud800"}""", "\"id\" holds a lone surrogate")]
    [InlineData("""{"\ud800":1,"session_id":"s","content":"c"}""", "a field's name holds a lone surrogate")]
    public async Task What_can_never_become_an_envelope_is_rejected_at_once_with_the_reason(string json, string reason)
    {
        var path = Write("bad.json", json);

        Assert.Equal(1, await ScanAsync());

        Assert.False(File.Exists(path));
        Assert.Contains(reason, Reason("bad"), StringComparison.Ordinal);
        Assert.Equal(json, await File.ReadAllTextAsync(Rejected("bad.json"), CancellationToken));
        Assert.Empty(await MessagesAsync());
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData(" \n", "the file holds nothing but blanks")]
    [InlineData("""{"session_id":"s","content":"cut""", "not JSON: the JSON ends too early, line 1, column 33")]
    [InlineData("{\n  \"ö\": tru\n", "not JSON: the JSON ends too early, line 2, column 11")]
    [InlineData("{\n  \"ö\": x1}", "not JSON: x is not expected there, line 2, column 8")]
    [InlineData("""{"session_id":"s","content":"c"} x""", "not JSON: x is not expected there, line 1, column 34")]
    [InlineData("""{"session_id":"s","content":"c",}""", "not JSON: } is not expected there, line 1, column 33")]
    [InlineData("{\"a\":\"b\n\"}", "not JSON: a control character is not expected there, line 1, column 8")]
    public async Task What_is_no_JSON_is_said_in_words_with_its_place(string text, string reason)
    {
        Write("bad.json", text);

        await ScanSettledAsync();

        Assert.Equal(reason + "\n", Reason("bad"));
    }

    [Theory]
    [InlineData("""{"session_id":"s","content":"c" """)]
    [InlineData("""{"session_id":"s","content":"c"} x""")]
    [InlineData("""{"session_id":"s","content":"c"}{"session_id":"s","content":"d"}""")]
    [InlineData("""{"session_id":"s","content":"c",}""")]
    [InlineData("""{"session_id":"s","content":"c","x":NaN}""")]
    [InlineData("""{'session_id':'s','content':'c'}""")]
    [InlineData("hello")]
    public async Task What_is_no_JSON_is_rejected_once_it_has_settled(string text)
    {
        Write("bad.json", text);

        await ScanSettledAsync();

        Assert.Contains("not JSON", Reason("bad"), StringComparison.Ordinal);
        Assert.Empty(await MessagesAsync());
    }

    [Fact]
    public async Task Invalid_UTF8_is_rejected_once_it_has_settled()
    {
        Write("bad.json", [.. """{"session_id":"s","content":"a"""u8, 0xC3, 0x28, .. "\"}"u8]);
        Write("utf16.json", Encoding.Unicode.GetBytes("\uFEFF{\"session_id\":\"s\",\"content\":\"c\"}"));
        Write("surrogate.json", [.. """{"session_id":"s","content":"a"""u8, 0xED, 0xA0, 0x80, .. "\"}"u8]);

        await ScanSettledAsync();

        Assert.Contains("UTF-8", Reason("bad"), StringComparison.Ordinal);
        Assert.Contains("UTF-8", Reason("utf16"), StringComparison.Ordinal);
        Assert.Contains("UTF-8", Reason("surrogate"), StringComparison.Ordinal);
        Assert.Empty(await MessagesAsync());
    }

    [Theory]
    [InlineData("""{"session_id":"s","content":"c","id":null}""")]
    [InlineData("""{"session_id":"s","content":"c","x":1e999999,"y":123456789012345678901234567890}""")]
    [InlineData("""{"session_id":"s","content":"c","x":"\ud800"}""")]
    [InlineData("""{"session_id":"other","session_id":"s","content":"c"}""")]
    [InlineData("""  {"session_id" : "s" , "content" : "c" }  """)]
    [InlineData("""{"session\u005fid":"s","content":"c"}""")]
    public async Task Fields_of_others_and_odd_spellings_do_no_harm(string json)
    {
        Write("odd.json", json);

        await ScanAsync();

        var message = Assert.Single(await MessagesAsync());
        Assert.Equal(("s", "c"), (message.Session.Value, message.Content));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(200)]
    [InlineData(200_000)]
    public async Task However_deep_a_foreign_field_goes_the_message_is_accepted(int depth)
    {
        Write("deep.json", $$"""{"session_id":"s","content":"c","x":{{new string('[', depth)}}{{new string(']', depth)}}}""");

        await ScanAsync();

        Assert.Equal("c", Assert.Single(await MessagesAsync()).Content);
    }

    [Fact]
    public async Task Endless_nesting_is_no_crash()
    {
        Write("deep.json", new string('[', 900_000));
        Write("deeper.json", string.Concat(Enumerable.Repeat("{\"a\":", 150_000)));

        await ScanSettledAsync();

        Assert.Contains("not JSON", Reason("deep"), StringComparison.Ordinal);
        Assert.Contains("not JSON", Reason("deeper"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_NUL_cuts_no_long_text()
    {
        _relay.Drop("s", new string('a', 5_000) + "\0" + new string('b', 5_000));

        await ScanAsync();

        Assert.Equal(
            new string('a', 5_000) + "\0" + new string('b', 5_000),
            (await _relay.ReadAsync("SELECT content FROM messages", row => row.Text())).Single());
    }

    [Theory]
    [InlineData("a\u0001\u001f\u007f\u0085\u2028b")]
    [InlineData("🙂 é ﷽ \uFFFF")]
    [InlineData("line one\r\nline two\r\n")]
    [InlineData("'; DROP TABLE messages; --")]
    public async Task Whatever_text_came_in_is_the_text_the_advisor_reads(string content)
    {
        _relay.Drop("s", content);

        await ScanAsync();
        await _relay.TakeTurnsAsync();

        Assert.Equal(content, (await _relay.ReadAsync("SELECT content FROM messages", row => row.Text())).Single());
        Assert.Equal($"[s] {content}", _relay.Advisor.Calls.Single().Messages[^1].Blocks[^1]);
    }

    [Fact]
    public async Task A_session_id_of_64_characters_is_one_and_of_65_is_none()
    {
        _relay.Drop(new string('x', 64), "long enough");
        _relay.Drop(new string('x', 65), "too long", name: "long.json");

        await ScanAsync();

        Assert.Equal("long enough", Assert.Single(await MessagesAsync()).Content);
        Assert.Contains("session_id", Reason("long"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_over_the_limit_is_moved_without_being_read()
    {
        var path = Path.Combine(_relay.Home.Queue, "huge.json");
        await using (var file = File.Create(path))
            file.SetLength(64L * 1024 * 1024 * 1024); // A sparse file. If it were read, the test would run out of memory.

        await ScanAsync();

        Assert.Contains("over the limit of 1048576", Reason("huge"), StringComparison.Ordinal);
        Assert.Equal(64L * 1024 * 1024 * 1024, new FileInfo(Rejected("huge.json")).Length);
    }

    [Fact]
    public async Task Exactly_the_limit_is_accepted_and_one_byte_more_is_not()
    {
        await _relay.ConfigureAsync("max_envelope_bytes: 2000");
        const string frame = """{"session_id":"s","content":""}""";
        Write("fits.json", frame.Insert(frame.Length - 2, new string('x', 2000 - frame.Length)));
        Write("over.json", frame.Insert(frame.Length - 2, new string('x', 2001 - frame.Length)));

        await ScanAsync();

        Assert.Single(await MessagesAsync());
        Assert.Contains("2001 bytes", Reason("over"), StringComparison.Ordinal);
    }
}

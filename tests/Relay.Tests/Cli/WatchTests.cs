using System.Text;
using Relay.Cli;
using Relay.Operator;
using Relay.Web.Watching;
using Spectre.Console;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>What the keys of relay watch do, and how it is drawn.</summary>
public sealed class WatchTests
{
    private readonly WatchState _state = new();

    [Theory]
    [InlineData("\u001b[A", "Up")]
    [InlineData("\u001bOB", "Down")]
    [InlineData("\u001b[1;5C", "")]
    [InlineData("\u001b[6~\u001b[5~", "PageDown PageUp")]
    [InlineData("ab\r", "'a' 'b' Enter")]
    [InlineData("ü🙂", "'ü' '🙂'")]
    [InlineData("\u0003\t\u001b[Z\u007f", "Interrupt Tab BackTab Backspace")]
    [InlineData("\u001b[200~one\r\ntwo\u001b[31m\u0007\u001b[201~x", "<one\ntwo[31m> 'x'")]
    [InlineData("\u001b\r", "'\n'")]
    [InlineData("\u0002\u001bx", "")]
    public void Keys_are_read_in_whatever_pieces_they_come(string sent, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(sent);
        var whole = new WatchKeys().Read(bytes);
        var reader = new WatchKeys();
        var pieces = bytes.SelectMany(each => reader.Read([each])).ToList();

        Assert.Equal(expected, Words(whole));
        Assert.Equal(expected, Words(pieces));
        Assert.Empty(reader.Decide());
    }

    [Fact]
    public void Escape_alone_is_a_key_once_nothing_follows()
    {
        var keys = new WatchKeys();

        Assert.Empty(keys.Read("\u001b"u8));
        Assert.True(keys.IsUndecided);
        Assert.Equal("Escape", Words(keys.Decide()));
        Assert.Equal("'['", Words(keys.Read("["u8)));
    }

    [Fact]
    public void An_options_key_is_that_option_until_more_is_written()
    {
        _state.See(View(Advisors(1, new WatchOption("a", "a", "Merge", false), new WatchOption("q", "q", "Quit", false))));

        Write("q");
        Assert.Equal(("Quit", false), (_state.Option?.Label, _state.IsOver));
        Write("uite so");
        Assert.Null(_state.Option);
        Press(KeyName.Enter);

        Assert.Equal(("quite so", "/answers"), (_state.Outgoing.Peek().Text, _state.Outgoing.Peek().Path));
        Assert.True(_state.IsSending);
    }

    [Theory]
    [InlineData("@session-1: stop", "/answers")]
    [InlineData("[once] @session-1: stop", "/answers")]
    [InlineData("[once] stop", "/words")]
    public void Words_that_name_a_session_go_to_it_and_not_to_the_advisor(string words, string path)
    {
        _state.See(View());
        Press(KeyName.Enter);
        Write(words);
        Press(KeyName.Enter);

        Assert.Equal((words, path), (_state.Outgoing.Peek().Text, _state.Outgoing.Peek().Path));
    }

    [Fact]
    public void What_is_written_survives_whatever_changes_and_goes_to_whom_it_was_written()
    {
        _state.See(View());
        Write("to the advis");
        _state.See(View(Advisors(1)));
        _state.See(View(Advisors(1), Advisors(2)));
        Write("or");

        Assert.Equal(("to the advisor, in default", "to the advisor"), (_state.Prompt, _state.Draft.Text));
        Press(KeyName.Down);
        _state.See(View(Advisors(1), Advisors(2)) with { Question = Advisors(2) });
        Write("two");
        _state.See(View(Advisors(1)) with { Question = Advisors(2) with { Outcome = "Answered at 14:03 by the page: No" } });

        Assert.Equal(("answer #2", "two"), (_state.Prompt, _state.Draft.Text));
        Assert.Equal((true, "#2: Answered at 14:03 by the page: No"), (_state.Notice!.IsRefusal, _state.Notice.Text));
        Press(KeyName.Up);
        Assert.Equal("answer #1", _state.Prompt);
    }

    [Fact]
    public void Refused_words_stay_and_go_under_the_same_id_again_and_changed_ones_under_another()
    {
        _state.See(View(Advisors(1)));
        var ids = new List<string>();
        foreach (var more in new[] { "yes", "", "!" })
        {
            Write(more);
            Press(KeyName.Enter);
            var send = _state.Outgoing.Dequeue();
            ids.Add((string)send.Body.GetType().GetProperty("Id")!.GetValue(send.Body)!);
            _state.Sent(send, new WatchNotice("not sent: no", IsRefusal: true));
            Assert.False(_state.Draft.IsEmpty);
        }

        Assert.Equal(ids[0], ids[1]);
        Assert.NotEqual(ids[1], ids[2]);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("allow")]
    [InlineData("yes")]
    public void Nothing_is_allowed_before_all_of_it_was_drawn_however_fast_the_keys_come(string words)
    {
        var text = string.Join('\n', Enumerable.Range(1, 100).Select(number => $"line {number}"));
        var question = Permission(1, text);
        _state.See(View(question));
        var frame = new WatchFrame(_state);
        frame.Draw(80, 24);

        for (var press = 0; press < 50; press++)
            Press(KeyName.PageDown);
        frame.Draw(80, 24);
        Write(words);
        Press(KeyName.Enter);
        Assert.Empty(_state.Outgoing);
        Assert.Contains("PgDn to its end", _state.Notice!.Text);

        for (var press = 0; press < 50; press++)
        {
            Press(KeyName.PageDown);
            frame.Draw(80, 24);
        }
        Press(KeyName.Enter);
        Assert.Contains(PermissionDigest.Of(1, text), _state.Outgoing.Dequeue().Body.ToString());
    }

    [Fact]
    public void What_is_allowed_is_what_was_shown_and_nothing_that_took_its_place()
    {
        _state.See(View(Permission(1, "make test") with { Digest = PermissionDigest.Of(1, "make deploy") }));
        new WatchFrame(_state).Draw(80, 24);
        Write("a");
        Press(KeyName.Enter);

        Assert.Empty(_state.Outgoing);
    }

    [Fact]
    public void Leaving_with_words_that_are_not_sent_asks_once()
    {
        _state.See(View(Advisors(1), Advisors(2)));
        Write("yes");
        Press(KeyName.Down);

        Write("q");
        Assert.False(_state.IsOver);
        Assert.Contains("not sent yet (question 1)", _state.Notice!.Text);
        Write("q");
        Assert.True(_state.IsOver);
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(80, 10)]
    [InlineData(40, 12)]
    [InlineData(30, 8)]
    [InlineData(29, 7)]
    [InlineData(1, 1)]
    [InlineData(300, 100)]
    public void It_fits_whatever_the_size(int width, int height)
    {
        const string nasty = "\u001b[2J\u202e 漢字漢字 🙂 e\u0301\u0301\u0301\u0301\u0301\u0301 \t tab";
        var question = Advisors(1, new WatchOption("a", "a", nasty, false)) with { Text = string.Concat(Enumerable.Repeat(nasty, 200)) };
        _state.See(View(question, Permission(2, nasty)) with
        {
            Heading = nasty,
            Spend = nasty,
            Health = nasty,
            Sessions = [.. Enumerable.Range(1, 30).Select(_ => new WatchSession(nasty, nasty, nasty, true))],
            Events = [.. Enumerable.Range(1, 30).Select(_ => new WatchEntry(nasty, nasty, nasty))],
        });
        Write(string.Concat(Enumerable.Repeat("漢 words\n", 100)));

        var picture = new WatchFrame(_state).Draw(width, height);

        Assert.Equal(height, picture.Lines.Count);
        Assert.InRange(picture.Row, 0, height - 1);
        Assert.InRange(picture.Column, 0, width - 1);
        foreach (var line in picture.Lines.Select(line => string.Concat(line.Select(span => span.Text))))
        {
            Assert.True(line.GetCellWidth() <= width || width < 9, $"{line.GetCellWidth()} columns: {line}");
            Assert.DoesNotContain(line, char.IsControl);
            Assert.DoesNotContain('\u202e', line);
        }
    }

    [Fact]
    public void A_line_of_a_megabyte_is_drawn_soon()
    {
        _state.See(View(Advisors(1) with { Text = new string('x', 1_000_000) }));
        var started = TimeProvider.System.GetTimestamp();

        new WatchFrame(_state).Draw(80, 24);

        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Without_a_terminal_it_names_what_needs_none()
    {
        await using var relay = new CliHome();

        var ran = await relay.RunAsync("watch");

        Assert.Equal((2, ""), (ran.Exit, ran.Output));
        Assert.Contains("relay status", ran.Error);
    }

    private void Write(string text) => text.EnumerateRunes().ToList().ForEach(sign => _state.Press(new Key.Typed(sign.ToString())));

    private void Press(KeyName key) => _state.Press(new Key.Named(key));

    private static string Words(IEnumerable<Key> keys) => string.Join(' ', keys.Select(key => key switch
    {
        Key.Named named => named.Name.ToString(),
        Key.Typed typed => $"'{typed.Text}'",
        Key.Pasted pasted => $"<{pasted.Text}>",
        _ => "",
    }));

    private static WatchQuestion Advisors(long id, params WatchOption[] options) =>
        new(id, "session-1", "the advisor asks you", "default", "Which?", Outcome: null) { Options = options, HowTo = "" };

    private static WatchQuestion Permission(long id, string text) =>
        new(id, "session-1", "permission", "default", text, Outcome: null)
        {
            Options = [new WatchOption("a", "allow", "allow this once", true), new WatchOption("d", "deny", "deny", false)],
            HowTo = "",
            Digest = PermissionDigest.Of(id, text),
        };

    private static WatchView View(params WatchQuestion[] questions) => new(1, "14:02", "heading")
    {
        Questions = [.. questions.Select(each => new WatchCard(each.Id, each.Who, each.Kind, "blocks 1 min", "Which?"))],
        Replies = [],
        Answered = [],
        Sessions = [],
        MoreSessions = 0,
        Events = [],
        To = [new WatchTo("default", "the advisor, in default"), new WatchTo("@session-1", "session-1 itself")],
        Spend = "today $0.00",
        IsWell = true,
        Health = "Nothing unfinished",
        Question = questions.FirstOrDefault(),
    };
}

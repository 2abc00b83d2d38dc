using Relay.Cli;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class TablesTests
{
    private static readonly IReadOnlyList<Column> Columns =
    [
        new("name"), new("rare") { Rank = 2, IsNumber = true }, new("USD") { IsNumber = true }, new("note") { Rank = 1 },
    ];

    [Fact]
    public void Numbers_stand_at_the_right_under_each_other()
    {
        var lines = Write(width: null, ["one", "1", "0.0100", "x"], ["two", "1,000", "12.5000", "y"]);

        Assert.Equal(["name   rare      USD  note", "one       1   0.0100  x", "two   1,000  12.5000  y"], lines);
    }

    [Theory]
    [InlineData(39, "name USD note", "rare")]
    [InlineData(26, "name USD", "rare, note")]
    public void Where_the_width_does_not_do_whole_columns_are_left_out_and_named(int width, string heads, string left)
    {
        var lines = Write(width, ["one", "1,000,000", "0.0100", "some words here"]);

        Assert.Equal(heads.Split(' '), lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal($"(left out for the width: {left})", lines[^1]);
        Assert.All(lines[..^1], line => Assert.True(line.Length <= width, line));
    }

    [Fact]
    public void What_is_still_too_wide_is_cut_between_words()
    {
        var lines = Write(30, ["several words that do not fit at all", "1", "0.0100", ""]);

        Assert.Contains("several words that …", lines[1]);
        Assert.True(lines[1].Length <= 30, lines[1]);
        Assert.Contains("0.0100", lines[1]);
    }

    [Theory]
    [InlineData(1, "1 call")]
    [InlineData(0, "0 calls")]
    [InlineData(2000, "2,000 calls")]
    public void One_is_no_plural(long count, string words) => Assert.Equal(words, Printing.Many(count, "call"));

    [Fact]
    public async Task Costs_and_messages_fit_into_sixty_columns()
    {
        await using var relay = new CliHome { Width = 60 };
        await relay.StartAsync();
        await relay.RunAsync("ask", "--session", "session-1", "Hello");
        await relay.EscalateAsync("session-2");
        await relay.RunAsync("send", "--session", "session-3", "A longer text than will fit beside all the rest of it");

        foreach (var command in (string[])["costs --by session", "messages", "sessions"])
        {
            var lines = (await relay.RunAsync(command.Split(' '))).Output.Split('\n');
            Assert.Contains(lines, line => line.Contains("session-2", StringComparison.Ordinal));
            Assert.All(lines.Where(line => !line.StartsWith('(')), line => Assert.True(line.Length <= 60, line));
        }
    }

    private static string[] Write(int? width, params string[][] rows)
    {
        var output = new StringWriter();
        var context = new CommandContext(new Dictionary<string, string>(), output, TextWriter.Null) { Width = width };
        context.WriteTable(Columns, rows);
        return output.ToString().TrimEnd('\n').Split('\n');
    }
}

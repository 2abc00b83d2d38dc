using CsCheck;
using Relay.Conversations;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class ContextWindowTests
{
    private static readonly Gen<ContextWindow> Windows =
        from roles in Gen.Bool.Array[0, 40]
        from lengths in Gen.Int[1, 30].Array[40]
        from summary in Gen.Bool
        from rulings in Gen.Int[0, 3]
        select Window(roles.Select((user, index) => (user, lengths[index])), summary, rulings);

    private static readonly Gen<(ContextWindow Window, int Keep, int Limit)> WindowsAndLimits =
        Gen.Select(Windows, Gen.Int[1, 12], Gen.Int[1, 400]);

    [Fact]
    public void Every_windows_messages_alternate_start_with_the_user_and_have_no_empty_block() => Windows.Sample(
        window =>
        {
            var messages = window.ToMessages();
            Assert.All(
                messages.Index(),
                each => Assert.Equal(each.Index % 2 == 0 ? EntryRole.User : EntryRole.Assistant, each.Item.Role));
            Assert.All(messages, message => Assert.NotEmpty(message.Blocks));
            Assert.All(messages.SelectMany(message => message.Blocks), block => Assert.False(string.IsNullOrWhiteSpace(block)));
        });

    [Fact]
    public void Every_entry_is_in_the_messages_once_and_in_order() => Windows.Sample(
        window => Assert.Equal(
            window.Turns.Select(entry => entry.Text),
            window.ToMessages()
                .SelectMany(message => message.Blocks)
                .Where(block => !block.StartsWith("[relay]", StringComparison.Ordinal))));

    [Fact]
    public void A_summary_ends_where_a_turn_begins_and_leaves_the_turns_to_keep() => WindowsAndLimits.Sample(
        (window, keep, limit) =>
        {
            if (window.SummaryEnd(keep, limit) is not { } end)
                return;
            var kept = window.Turns.SkipWhile(entry => entry.Position <= end).ToList();
            Assert.Equal(EntryRole.User, kept[0].Role);
            Assert.Equal(EntryRole.Assistant, window.Turns[^(kept.Count + 1)].Role);
            Assert.True(Starts(kept) >= keep);
            Assert.Equal(window.Turns.Count - kept.Count, window.UpTo(end).Turns.Count);
        });

    [Fact]
    public void Summing_up_again_and_again_comes_to_an_end_with_just_the_turns_to_keep() => WindowsAndLimits.Sample(
        (window, keep, limit) =>
        {
            for (var round = 0; window.SummaryEnd(keep, limit) is { } end; round++)
            {
                Assert.True(round < 50, "no end in sight");
                window = window with { Turns = window.Turns.SkipWhile(entry => entry.Position <= end).ToList() };
            }
            Assert.True(Starts(window.Turns) <= keep);
        });

    [Fact]
    public void The_same_window_always_gives_the_same_messages() => Windows.Sample(
        window => Assert.Equal(
            window.ToMessages().Select(message => $"{message.Role}: {string.Join('|', message.Blocks)}"),
            window.ToMessages().Select(message => $"{message.Role}: {string.Join('|', message.Blocks)}")));

    [Fact]
    public void Entries_of_one_role_in_a_row_are_blocks_of_one_message()
    {
        var messages = Window([(true, 1), (true, 2), (false, 3), (true, 4)], summary: false, rulings: 0).ToMessages();

        Assert.Equal([2, 1, 1], messages.Select(message => message.Blocks.Count));
    }

    [Fact]
    public void A_record_that_starts_with_the_advisor_is_introduced()
    {
        var messages = Window([(false, 3), (true, 4)], summary: false, rulings: 0).ToMessages();

        Assert.StartsWith("[relay]", Assert.Single(messages[0].Blocks), StringComparison.Ordinal);
        Assert.Equal(3, messages.Count);
    }

    [Fact]
    public void Fewer_turns_than_are_kept_are_not_summed_up()
    {
        var window = Window([(true, 100), (false, 100), (true, 100), (false, 100)], summary: false, rulings: 0);

        Assert.Null(window.SummaryEnd(keepTurns: 2, characterLimit: 1));
        Assert.Equal(2, window.SummaryEnd(keepTurns: 1, characterLimit: 1));
    }

    private static int Starts(IReadOnlyList<Entry> turns) =>
        turns.Where((entry, index) => entry.Role == EntryRole.User && (index == 0 || turns[index - 1].Role == EntryRole.Assistant)).Count();

    private static ContextWindow Window(IEnumerable<(bool User, int Length)> turns, bool summary, int rulings)
    {
        var entries = turns.Select((turn, index) =>
            Entry(index + 1, turn.User ? EntryRole.User : EntryRole.Assistant, $"{index}{new string('x', turn.Length)}"));
        var ruled = Enumerable.Range(0, rulings).Select(index =>
            new Ruling(DateTimeOffset.UnixEpoch, "operator JC", $"ruling {index}", Question: index == 1 ? "which?" : null));
        return new ContextWindow(ruled.ToList(), summary ? Entry(0, EntryRole.Summary, "the summary") : null, entries.ToList());
    }

    private static Entry Entry(long position, EntryRole role, string content) =>
        new(position, role, "s", content, content.Length, CoversThrough: null, DateTimeOffset.UnixEpoch);
}

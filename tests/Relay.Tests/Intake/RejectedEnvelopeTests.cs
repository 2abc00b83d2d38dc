using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Intake;

/// <summary>What is kept of a rejected file, and that it holds up no other.</summary>
public sealed class RejectedEnvelopeTests : QueueTests
{
    [Fact]
    public async Task A_rejected_file_with_the_longest_name_there_is_does_not_hold_up_the_others()
    {
        var longest = new string('x', 250) + ".json";
        Touch(Write(longest, "[]"), 1);
        Touch(_relay.Drop("s", "next"), 2);

        await ScanAsync();

        Assert.Equal("next", Assert.Single(await MessagesAsync()).Content);
        Assert.False(File.Exists(Path.Combine(_relay.Home.Queue, longest)));
        var kept = Directory.GetFiles(_relay.Home.Rejected);
        Assert.Contains(kept, file => file.EndsWith(".json", StringComparison.Ordinal));
        var reason = kept.Single(file => file.EndsWith(".reason.txt", StringComparison.Ordinal));
        Assert.Contains("an array", await File.ReadAllTextAsync(reason, CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rejected_files_of_one_name_are_all_kept_each_with_its_reason()
    {
        Write("bad.json", "[]");
        await ScanAsync();
        Write("bad.json", "{}");
        await ScanAsync();
        Write("bad.json", "5");
        await ScanAsync();

        Assert.Equal("[]", await File.ReadAllTextAsync(Rejected("bad.json"), CancellationToken));
        Assert.Contains("an array", Reason("bad"), StringComparison.Ordinal);
        Assert.Equal("{}", await File.ReadAllTextAsync(Rejected("bad.2.json"), CancellationToken));
        Assert.Contains("missing", Reason("bad.2"), StringComparison.Ordinal);
        Assert.Equal("5", await File.ReadAllTextAsync(Rejected("bad.3.json"), CancellationToken));
        Assert.Contains("a number", Reason("bad.3"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_file_that_cannot_be_moved_away_does_not_hold_up_the_others()
    {
        Directory.Delete(_relay.Home.Rejected);
        await File.WriteAllTextAsync(_relay.Home.Rejected, "in the way", CancellationToken);
        var bad = Touch(Write("bad.json", "[]"), 1);
        Touch(_relay.Drop("s", "next"), 2);

        await Assert.ThrowsAnyAsync<IOException>(ScanAsync); // The loop shows it as a fault.

        Assert.Equal("next", Assert.Single(await MessagesAsync()).Content);
        File.Delete(_relay.Home.Rejected);
        await ScanAsync();
        Assert.False(File.Exists(bad));
    }

    [Fact]
    public async Task A_file_that_may_not_be_read_is_rejected_with_the_reason()
    {
        Assert.SkipWhen(Unix.IsRoot, "root may read everything");
        Unix.Forbid(_relay.Drop("s", "secret", name: "closed.json"));

        await ScanSettledAsync();

        Assert.Contains("cannot be read", Reason("closed"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_nobody_listed_is_rejected_when_unknown_ones_are_not_accepted()
    {
        await _relay.ConfigureAsync("accept_unknown_sessions: false\nsessions: [{session_id: known}]");
        _relay.Drop("known", "hello");
        _relay.Drop("stranger", "hello", name: "stranger.json");

        await ScanAsync();

        Assert.Equal("known", Assert.Single(await MessagesAsync()).Session.Value);
        Assert.Contains("accept_unknown_sessions", Reason("stranger"), StringComparison.Ordinal);
        Assert.Equal(["known"], (await _relay.StatusAsync()).Sessions.Select(session => session.SessionId));
    }
}

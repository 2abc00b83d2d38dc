using Relay.Cli;
using Relay.Operator;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator;

/// <summary>Every state that strands a message is found and paged as a fault of the program. The relay never makes them; here they are
/// written into its database.</summary>
public sealed class StateCheckTests : IAsyncLifetime
{
    private TempRelay _relay = null!;

    public async ValueTask InitializeAsync()
    {
        _relay = await TempRelay.CreateAsync();
        _relay.LeavesAllWell = false;
    }

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData("UPDATE messages SET due_at = 9223372036854775807", "never due")]
    [InlineData("UPDATE messages SET state = 'asking'", "no call is under way")]
    [InlineData("UPDATE messages SET state = 'waiting'", "0 open questions and 0 answers")]
    [InlineData("UPDATE messages SET state = 'held', cause = 'refusal'", "0 open questions and 0 answers")]
    [InlineData("UPDATE messages SET state = 'held'", "without a cause")]
    [InlineData("UPDATE messages SET state = 'held', cause = 'credit'", "no page says so")]
    [InlineData("UPDATE conversations SET open_question = 7", "which is not open")]
    public async Task A_message_that_waits_for_nothing_is_found(string harm, string expected)
    {
        await _relay.AcceptAsync("session-1", "Shall I?");

        await HarmAsync(harm);

        await AssertFoundAsync(expected);
    }

    [Theory]
    [InlineData("UPDATE questions SET state = 'answered'", "which is not open")]
    [InlineData("UPDATE conversations SET open_question = NULL", "the conversation does not wait for it")]
    [InlineData("UPDATE messages SET state = 'held', cause = 'empty'", "no page says so")]
    public async Task A_question_that_nobody_waits_for_or_that_is_gone_is_found(string harm, string expected)
    {
        _relay.Advisor.Reply("[NEEDS-JC] Which?");
        await _relay.AcceptAsync("session-1", "Which?");
        await _relay.TakeTurnsAsync();

        await HarmAsync(harm);

        await AssertFoundAsync(expected);
    }

    [Fact]
    public async Task An_answer_about_a_settled_message_is_found()
    {
        _relay.Advisor.Reply("[NEEDS-JC] Which?");
        await _relay.AcceptAsync("session-1", "Which?");
        await _relay.TakeTurnsAsync();
        await _relay.AnswerAsync("This.");

        await HarmAsync("UPDATE messages SET state = 'dead' WHERE speaker = 'session'");

        await AssertFoundAsync("which is settled");
    }

    [Fact]
    public async Task Doctor_names_it()
    {
        var id = await _relay.AcceptAsync("session-1", "Shall I?");
        Assert.Contains("sound", (await DoctorAsync()).Detail, StringComparison.Ordinal);

        await HarmAsync("UPDATE messages SET due_at = 9223372036854775807");

        Assert.Contains($"message {id} of default: it is", (await DoctorAsync()).Detail, StringComparison.Ordinal);
    }

    private Task<Finding> DoctorAsync() => DatabaseCheck.RunAsync(_relay.Settings, TestContext.Current.CancellationToken);

    [Fact]
    public async Task It_is_said_once_and_over_when_it_is_mended()
    {
        await _relay.AcceptAsync("session-1", "Shall I?");
        await HarmAsync("UPDATE messages SET due_at = 9223372036854775807");

        await _relay.RunAsync<StateWatch>();
        await _relay.RunAsync<StateWatch>();
        Assert.Equal("error", (await _relay.StatusAsync()).State);
        Assert.Contains("never due", Assert.Single(await _relay.PagesAsync()).Body, StringComparison.Ordinal);

        await HarmAsync("UPDATE messages SET due_at = 0");
        await _relay.RunAsync<StateWatch>();
        Assert.Equal("running", (await _relay.StatusAsync()).State);
        Assert.Equal(0, await _relay.CountAsync("SELECT COUNT(*) FROM pages WHERE cleared_at IS NULL"));
    }

    private Task<int> HarmAsync(string sql) =>
        _relay.WriteAsync(writing => writing.Sql(sql).ExecuteAsync(TestContext.Current.CancellationToken));

    private async Task AssertFoundAsync(string expected)
    {
        var found = await _relay.ReadAsync(reading => StateCheck.ReadAsync(reading, TestContext.Current.CancellationToken));
        Assert.Contains(found, each => each.ToString().Contains(expected, StringComparison.Ordinal));
    }
}

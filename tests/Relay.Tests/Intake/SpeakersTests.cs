using Relay.Dispatch;
using Relay.Intake;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Intake;

/// <summary>A file in queue/ says itself in whose name it speaks. Needs files of other users, so root.</summary>
public sealed class SpeakersTests : IAsyncLifetime
{
    private const uint Alice = 4242, Eve = 4243;

    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync(
        $"sessions: [{{session_id: alice-1, user: {Alice}}}, {{session_id: session-1}}]\n");

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task The_user_that_a_session_names_speaks_for_it()
    {
        Unix.Give(_relay.Drop("alice-1", "mine"), Alice);

        await _relay.RunAsync<QueueFolder>();

        Assert.Equal("mine", Assert.Single(await _relay.MessagesAsync()).Content);
    }

    [Theory]
    [InlineData("alice-1", Eve)]
    [InlineData("session-1", Eve)]
    [InlineData("session-1", Alice)]
    [InlineData("somebody-new", Alice)]
    [InlineData("ALICE-1", Alice)]
    public async Task Nobody_else_does_and_his_file_is_kept_with_the_reason(string session, uint owner)
    {
        Unix.Give(_relay.Drop(session, "not mine", name: "forged.json"), owner);

        await _relay.RunAsync<QueueFolder>();
        await _relay.RunAsync<Rejections>();
        await _relay.RunAsync<Dispatcher>();

        Assert.Empty(await _relay.MessagesAsync());
        var reason = await File.ReadAllTextAsync(Path.Combine(_relay.Home.Rejected, "forged.reason.txt"), CancellationToken);
        Assert.Contains($"belongs to uid {owner}, who may not speak for {session}", reason, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_relay.Home.Rejected, "forged.json")));
        Assert.Null(_relay.Consume(session)); // Nor does he send it mail of the relay's by that.
        Assert.Single(await _relay.PagesAsync());
    }

    [Fact]
    public async Task A_file_that_is_no_envelope_sends_no_mail_to_another_s_session_either()
    {
        var path = _relay.Drop("session-1", "", name: "empty.json");
        Unix.Give(path, Eve);

        await _relay.RunAsync<QueueFolder>();
        await _relay.RunAsync<Rejections>();
        await _relay.RunAsync<Dispatcher>();

        Assert.Null(_relay.Consume("session-1"));
    }

    [Fact]
    public async Task The_owner_of_the_home_speaks_for_every_session()
    {
        _relay.Drop("alice-1", "one");
        _relay.Drop("session-1", "two");
        _relay.Drop("somebody-new", "three");

        await _relay.RunAsync<QueueFolder>();

        Assert.Equal(3, (await _relay.MessagesAsync()).Count);
    }

    [Fact]
    public async Task Where_others_may_put_files_a_second_name_of_another_s_file_is_none_of_his_words()
    {
        var victims = Path.Combine(_relay.Home.Root, "letter.json");
        await File.WriteAllTextAsync(victims, """{"session_id":"session-1","content":"an old letter"}""", CancellationToken);
        Unix.HardLink(victims, Path.Combine(_relay.Home.Queue, "again.json"));
        File.SetUnixFileMode(_relay.Home.Queue, (UnixFileMode)0b1_111_011_011);

        await _relay.RunAsync<QueueFolder>();
        _relay.Clock.Advance(TimeSpan.FromSeconds(3));
        await _relay.RunAsync<QueueFolder>();

        Assert.Empty(await _relay.MessagesAsync());
        var reason = await File.ReadAllTextAsync(Path.Combine(_relay.Home.Rejected, "again.reason.txt"), CancellationToken);
        Assert.Contains("hard link", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_queue_takes_nothing_and_says_so()
    {
        await _relay.ConfigureAsync("queue: off\n");
        _relay.Drop("session-1", "anybody there?", name: "late.json");

        await _relay.RunAsync<QueueFolder>();

        Assert.Empty(await _relay.MessagesAsync());
        var reason = await File.ReadAllTextAsync(Path.Combine(_relay.Home.Rejected, "late.reason.txt"), CancellationToken);
        Assert.Contains("queue: off", reason, StringComparison.Ordinal);
    }
}

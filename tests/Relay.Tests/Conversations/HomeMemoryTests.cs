using Relay.Conversations;
using Relay.Storage.Selection;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

/// <summary>What a home knows of its database is what was promised to somebody, at any moment, and never more.</summary>
public abstract class HomeMemoryTests(string kind) : IAsyncLifetime
{
    private TempRelay _relay = null!;

    private KnownDatabase Known => KnownDatabase.Read(_relay.Home, _relay.Settings.Current.Config.Store)!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _relay = await TempRelay.CreateAsync(kind: kind);
        await _relay.Get<HomeMemory>().OpenAsync(CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_message_is_known_of_as_soon_as_it_is_accepted_and_a_reply_as_it_is_answered()
    {
        await _relay.AcceptAsync("s", "one");
        Assert.Equal((0, 1), (Known.Entries, Known.Messages));
        await _relay.TakeTurnsAsync();
        Assert.Equal((2, 1), (Known.Entries, Known.Messages));
        for (var number = 2; number <= 120; number++)
            await _relay.AcceptAsync($"s{number % 7}", $"message {number}");

        Assert.Equal((2, 120), (Known.Entries, Known.Messages));
        Assert.True(Known.IsOpen);
    }

    [Fact]
    public async Task What_was_undone_is_not_known_of()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => _relay.WriteAsync(async writing =>
        {
            await ConversationStore.KnowAsync(writing, SessionDirectory.Default, CancellationToken);
            await ConversationStore.NextNumberAsync(writing, SessionDirectory.Default, CancellationToken);
            throw new TimeoutException();
        }));

        Assert.Equal(0, Known.Messages);
    }

    [Fact]
    public async Task A_memory_that_cannot_be_written_keeps_nothing_from_being_accepted()
    {
        File.Delete(_relay.Home.KnownDatabaseFile);
        Directory.CreateDirectory(_relay.Home.KnownDatabaseFile);

        await _relay.AcceptAsync("s", "one");

        Assert.Equal(1, await _relay.CountAsync("SELECT COUNT(*) FROM messages"));
    }
}

public sealed class SqliteHomeMemoryTests() : HomeMemoryTests("sqlite");

public sealed class PostgresHomeMemoryTests() : HomeMemoryTests("postgres");

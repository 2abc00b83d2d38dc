using Microsoft.Extensions.Time.Testing;
using Relay.Conversations;
using Relay.Storage;
using Xunit;

namespace Relay.Tests.Testing;

/// <summary>What every suite of a store needs: a database of a test's own, of either kind, and a clock the test holds. To run a suite on a
/// further kind of database, declare one class more that names the kind.</summary>
public abstract class StoreTests(string kind) : IAsyncLifetime
{
    private protected static readonly ConversationId Default = new("default"), Other = new("other");
    private protected static readonly SessionId One = SessionId.Stored("session-1"), Two = SessionId.Stored("session-2");

    private TestDatabase _test = null!;

    protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>Emoji, text of right to left, marks that combine, quotes and breaks of lines of every kind.</summary>
    protected static string Unusual => "« ünïcode » 👩‍👩‍👧 שלום e\u0301 ' \" \\ % _ \t\r\n\u2028end";

    private protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 8, 1, 9, 0, 0, TimeSpan.Zero));

    private protected DateTimeOffset Now => Clock.GetUtcNow();

    private protected Database Database => _test.Database;

    public virtual async ValueTask InitializeAsync()
    {
        _test = await TestDatabase.CreateAsync(kind, Clock);
        await WriteAsync(writing => ConversationStore.KnowAsync(writing, Default, CancellationToken));
        await WriteAsync(writing => ConversationStore.KnowAsync(writing, Other, CancellationToken));
    }

    public virtual async ValueTask DisposeAsync()
    {
        await _test.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected Task<T> ReadAsync<T>(Func<Reading, Task<T>> work) => Database.ReadAsync(work, CancellationToken);

    private protected Task<T> WriteAsync<T>(Func<Writing, Task<T>> work) => Database.WriteAsync(work, CancellationToken);

    private protected Task WriteAsync(Func<Writing, Task> work) => Database.WriteAsync(work, CancellationToken);

    /// <summary>The work of so many writers at the same time, each with its number.</summary>
    private protected Task<T[]> AtOnceAsync<T>(int writers, Func<Writing, int, Task<T>> work) =>
        Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(() => WriteAsync(writing => work(writing, writer)))));

    private protected Task<long> CountAsync(string sql) => ReadAsync(reading => reading.Sql(sql).NumberAsync(CancellationToken));

    /// <summary>A session says something, as the inbox would take it in.</summary>
    private protected Task<MessageId> SayAsync(
        SessionId session, string content = "Shall I?", ConversationId? conversation = null, ReplyChannel channel = ReplyChannel.Folder) =>
        WriteAsync(async writing =>
        {
            var place = conversation ?? Default;
            await SessionStore.SeenAsync(writing, session, place, channel, CancellationToken);
            var key = "id:" + Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
            var said = new NewMessage(place, session, Speaker.Session, channel, Origin: null, key, content);
            return (await MessageStore.InsertAsync(writing, said, CancellationToken))!.Id;
        });

    /// <summary>The operator says something.</summary>
    private protected Task<MessageId> RuleAsync(string content = "Do it.", MessageId? origin = null, ConversationId? conversation = null) =>
        WriteAsync(async writing =>
        {
            var key = "file:" + Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
            var said = new NewMessage(
                conversation ?? Default, SessionId.None, Speaker.Operator, ReplyChannel.Operator, origin, key, content);
            return (await MessageStore.InsertAsync(writing, said, CancellationToken))!.Id;
        });

    private protected Task<Message?> FindAsync(MessageId message, ConversationId? conversation = null) =>
        ReadAsync(reading => MessageStore.FindAsync(reading, conversation ?? Default, message, CancellationToken));

    private protected Task ChangeAsync(MessageId message, Change change, ConversationId? conversation = null) =>
        WriteAsync(writing => MessageStore.ChangeAsync(writing, conversation ?? Default, message, change, CancellationToken));

    private protected Task ChangeAsync(MessageId message, MessageState state, ConversationId? conversation = null) =>
        ChangeAsync(message, new Change(state), conversation);
}

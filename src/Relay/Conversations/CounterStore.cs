using Relay.Storage;

namespace Relay.Conversations;

/// <summary>Reads and writes counters. The last number of a counter is also how many numbers it has given out.</summary>
internal static class CounterStore
{
    public const string Questions = "question";
    public const string Sessions = "session";
    public const string Rounds = "round";
    public const string Rulings = "ruling";
    public const string RulingsForAll = "ruling_for_all";
    public const string RulingUses = "ruling_use";

    public static Task<long> NextAsync(Writing writing, string counter, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            INSERT INTO counters (name, value)
            VALUES (@name, 1)
            ON CONFLICT (name) DO UPDATE SET value = counters.value + 1
            RETURNING value
            """)
            .With("@name", counter)
            .NumberAsync(cancellationToken);

    public static async Task<long> LastAsync(Reading reading, string counter, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT value FROM counters WHERE name = @name")
            .With("@name", counter)
            .NumberOrNullAsync(cancellationToken) ?? 0;
}

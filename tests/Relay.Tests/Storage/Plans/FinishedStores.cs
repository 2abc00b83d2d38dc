using Relay.Loopback;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Storage.Plans;

/// <summary>A statement as it was run on the store in which much is finished, and on the one in which little is.</summary>
/// <param name="Much">What SQLite counted.</param>
/// <param name="Little">The same; null where it was not run there.</param>
/// <param name="Plan">How SQLite goes about it.</param>
/// <param name="IsCommands">Only a person's command runs it.</param>
internal sealed record RunStatement(StatementCounts Much, StatementCounts? Little, IReadOnlyList<string> Plan, bool IsCommands)
{
    public string Text => Much.Text;

    public override string ToString() =>
        $"{Text}\n  {string.Join("\n  ", Plan)}\n"
        + FormattableString.Invariant($"  steps a run: {Little?.StepsPerRun:0} with little finished, {Much.StepsPerRun:0} with much\n");
}

/// <summary>The same day on two stores, and every statement that was run in it.</summary>
public sealed class FinishedStores : IAsyncLifetime
{
    internal const int Little = 1_000, Much = 100_000;

    /// <summary>Statements that a mistake would write, to see that they are found.</summary>
    internal static readonly IReadOnlyList<string> Mistakes =
    [
        "SELECT COUNT(*) FROM messages WHERE reason = 'none'",
        "SELECT COUNT(*) FROM messages WHERE conversation_id = 'default' AND reason = 'none'",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("relay-finished-").FullName;

    internal IReadOnlyList<RunStatement> Statements { get; private set; } = [];

    internal IReadOnlyList<RunStatement> Mistaken { get; private set; } = [];

    /// <summary>The tables of the database.</summary>
    internal IReadOnlySet<string> Tables { get; private set; } = new HashSet<string>();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var little = await RunAsync(Little, (_, all, _) => Task.FromResult(all));
        var run = await RunAsync(Much, async (database, all, lived) =>
        {
            Tables = (await TextsAsync(database, "SELECT name FROM sqlite_master WHERE type = 'table'")).ToHashSet();
            var statements = new List<RunStatement>();
            foreach (var each in all.Where(each => IsQuery(each.Text)))
                statements.Add(new RunStatement(
                    each,
                    little.FirstOrDefault(same => same.Text == each.Text),
                    await PlanAsync(database, each.Text),
                    IsCommands: !lived.Contains(each.Text)));
            return statements;
        });
        Mistaken = run.FindAll(statement => Mistakes.Contains(statement.Text));
        Statements = run.Except(Mistaken).ToList();
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>The day, and what is told of it by the database, by all that was run, and by the texts run before the commands.</summary>
    private async Task<T> RunAsync<T>(int count, Func<Database, IReadOnlyList<StatementCounts>, HashSet<string>, Task<T>> tell)
    {
        await using var ntfy = await LoopbackNtfy.StartAsync();
        await using var relay = await TempRelay.CreateAsync(
            WorkingDay.Config + FinishedStore.Config, ntfy.Address, kind: SqlDialect.Sqlite.Name);
        var file = Path.Combine(_folder, $"{count}.db");
        await FinishedStore.MakeAsync(file, count, relay.Clock.GetUtcNow().AddHours(-1), CancellationToken);
        await relay.RestartOnAsync(file);
        var day = new WorkingDay(relay, ntfy);
        await day.LiveAsync();
        var lived = (await StatementCounts.ReadAsync(relay.Database)).Select(each => each.Text).ToHashSet();
        await day.CommandAsync();
        foreach (var mistake in Mistakes)
            await relay.CountAsync(mistake);
        return await tell(relay.Database, await StatementCounts.ReadAsync(relay.Database), lived);
    }

    private static bool IsQuery(string text) =>
        text.Split(' ', '\n')[0] is "SELECT" or "INSERT" or "UPDATE" or "DELETE" or "WITH"
        && !text.Contains("sqlite_master", StringComparison.Ordinal)
        && !text.Contains("'entry_words_", StringComparison.Ordinal); // Of the index itself, as SQLite keeps it.

    private static Task<List<string>> PlanAsync(Database database, string text) => database.ReadAsync(
        reading =>
        {
            var command = reading.Sql("EXPLAIN QUERY PLAN " + text);
            foreach (var name in SqlNames.In(text))
                command.With(name, null);
            return command.ListAsync(row => (row.Number(), row.Number(), row.Number(), Detail: row.Text()).Detail, CancellationToken);
        },
        CancellationToken);

    private static Task<List<string>> TextsAsync(Database database, string sql) =>
        database.ReadAsync(reading => reading.Sql(sql).ListAsync(row => row.Text(), CancellationToken), CancellationToken);
}

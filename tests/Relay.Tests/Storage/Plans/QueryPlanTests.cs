using System.Text.RegularExpressions;
using Relay.Storage;
using Relay.Tests.Architecture;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Storage.Plans;

/// <summary>No cost grows with what is finished. A day on a store with 100,000 finished messages runs the same statements as one with
/// 1,000, each with the same steps, and none walks through a table that grows for ever.</summary>
public sealed class QueryPlanTests(FinishedStores stores) : IClassFixture<FinishedStores>
{
    private const string Unfinished = "the index holds only what is not finished";
    private const string InForce = "what the operator has not retired, and every call carries";
    private const string FromTheEnd = "from one end of the index, up to the LIMIT";
    private const string Configured = "as many rows as the configuration names, and one more";
    private const string Command = "only for a person's command";

    /// <summary>Where a statement may go from row to row, and why that does not grow. Every other walk is a fault.</summary>
    private static readonly Dictionary<string, string> Walks = new()
    {
        ["SCAN messages USING INDEX messages_unanswered"] = Unfinished,
        ["SCAN messages USING COVERING INDEX messages_unanswered"] = Unfinished,
        ["SCAN dispatches USING INDEX dispatches_open"] = Unfinished,
        ["SCAN questions USING INDEX questions_open"] = Unfinished,
        ["SCAN pages USING INDEX pages_queued"] = Unfinished,
        ["SCAN agents USING INDEX agents_named"] = "the agents that own a name now",
        ["SCAN agents USING INDEX agents_present"] = "the agents that have not ended, once at the start",
        ["SCAN rulings USING INDEX rulings_standing"] = InForce,
        ["SCAN rulings USING COVERING INDEX rulings_standing"] = InForce,
        ["SCAN rulings"] = FromTheEnd,
        ["SCAN questions USING INDEX sqlite_autoindex_questions_1"] = FromTheEnd,
        ["SCAN conversations"] = Configured,
        ["SCAN entry_words VIRTUAL TABLE INDEX 192:M3<"] = "by the words that are looked for",
        ["SCAN sessions"] = Command,
        ["SCAN spending"] = Command,
    };

    /// <summary>Statements whose steps may grow, by a part of their text: only a person's command runs them.</summary>
    private static readonly Dictionary<string, string> Growing = new()
    {
        ["AS newest"] = "looks through the newest 10,000 messages of a conversation for the end of an id",
        ["FROM spending\nWHERE conversation_id <> ''"] = "a row for each day, session and model",
    };

    /// <summary>Texts of the program that the day does not run, by a part of them or of their place.</summary>
    private static readonly Dictionary<string, string> NotRun = new()
    {
        ["schema_migrations"] = "at the start, before anything else",
        ["SET state = 'ready', placed_at = NULL"] = "once, when another home takes the database over, and over what is open only",
        ["src/Relay/Storage/Postgres/"] = "on the other database, and they name no table of the relay",
    };

    /// <summary>Those with a row for each message, or more, or for each session of Claude Code.</summary>
    private static readonly string[] GrowingTables =
    [
        "messages", "message_events", "message_keys", "entries", "dispatches", "calls", "questions", "pages", "facts", "agents",
        "tool_uses", "rulings", "ruling_uses",
    ];

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public void No_statement_walks_through_a_table_that_grows_for_ever() => AssertNone(
        from statement in stores.Statements
        from line in statement.Plan
        where line.StartsWith("SCAN ", StringComparison.Ordinal)
        where SqlNames.TableOf(statement.Text, line.Split(' ')[1], stores.Tables) is not null
        where !Walks.TryGetValue(line, out var why)
            || (why == Command && !statement.IsCommands)
            || (why == FromTheEnd && !statement.Text.Contains("LIMIT", StringComparison.Ordinal))
        select $"{line}: {statement}");

    [Fact]
    public void SQLite_itself_counts_no_row_walked_over_but_in_the_walks_that_are_named() => AssertNone(
        from statement in stores.Statements
        where statement.Much.ScanSteps > 0 && !statement.Plan.Any(Walks.ContainsKey)
        select $"{statement.Much.ScanSteps} rows: {statement}");

    [Fact]
    public void No_statement_takes_more_steps_where_more_is_finished() => AssertNone(
        from statement in stores.Statements
        where Grows(statement)
        where !statement.IsCommands || !Growing.Keys.Any(part => statement.Text.Contains(part, StringComparison.Ordinal))
        select $"{statement}");

    /// <summary>Its statistics are those of a server that has run for a while. For tables of a few rows it takes no index.</summary>
    [Fact]
    public async Task PostgreSQL_too_walks_through_no_table_that_grows_for_ever()
    {
        await using var test = await TestDatabase.CreateAsync(SqlDialect.Postgres.Name);
        await FinishedStore.FillAsync(test.Database, FinishedStores.Much, test.Database.Clock.GetUtcNow(), CancellationToken);
        await test.Database.WriteAsync(writing => writing.Sql("ANALYZE").ExecuteAsync(CancellationToken), CancellationToken);

        var plans = await PostgresPlans.ReadAsync(
            test.Database,
            stores.Statements.Concat(stores.Mistaken).Select(statement => statement.Text
                .Replace(SqlDialect.Sqlite.HasWords, SqlDialect.Postgres.HasWords, StringComparison.Ordinal)),
            CancellationToken);

        var walks = plans.Where(plan => GrowingTables.Any(table => Regex.IsMatch(plan.Plan, $@"Seq Scan on {table}\b"))).ToList();
        AssertNone(walks.Where(plan => !FinishedStores.Mistakes.Contains(plan.Text)).Select(plan => $"{plan.Text}\n{plan.Plan}\n"));
        Assert.NotEmpty(walks); // The mistake is found.
    }

    [Fact]
    public void Every_statement_of_the_program_was_run() => AssertNone(
        from text in SqlText.ReadAll()
        where !NotRun.Keys.Any(part => $"{text.Place}\n{text.Text}".Contains(part, StringComparison.Ordinal))
        where !stores.Statements.Any(statement => text.IsSource(statement.Text))
        select $"{text.Place}: {text.Text}");

    [Fact]
    public void Every_exception_that_is_made_is_needed() => AssertNone(
        Walks.Keys.Where(walk => !stores.Statements.Any(statement => statement.Plan.Contains(walk)))
            .Concat(Growing.Keys.Where(part => !stores.Statements.Any(
                statement => statement.Text.Contains(part, StringComparison.Ordinal) && Grows(statement)))));

    [Fact]
    public void A_statement_that_reads_what_is_finished_is_found_even_where_its_plan_names_a_key()
    {
        Assert.Equal(2, stores.Mistaken.Count);
        Assert.All(stores.Mistaken, statement => Assert.True(Grows(statement), $"{statement}"));
    }

    private static bool Grows(RunStatement statement) =>
        statement.Little is null || statement.Much.StepsPerRun > (statement.Little.StepsPerRun * 1.1) + 10;

    /// <summary>All faults at once, in full.</summary>
    private static void AssertNone(IEnumerable<string> faults)
    {
        var text = string.Join('\n', faults);
        Assert.True(text.Length == 0, text);
    }
}

using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Relay.Storage;
using Xunit;

namespace Relay.Tests.Storage.Plans;

/// <summary>What SQLite has counted for a statement.</summary>
/// <param name="Text">Of the statement, as the program has it.</param>
/// <param name="Runs">How often it was run.</param>
/// <param name="ScanSteps">Rows stepped over in loops that no key narrowed, over all runs.</param>
/// <param name="Steps">Instructions of its virtual machine, over all runs.</param>
internal sealed record StatementCounts(string Text, long Runs, long ScanSteps, long Steps)
{
    public double StepsPerRun => (double)Steps / Runs;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>Of every statement that was run so far: the connections keep them compiled, and SQLite lists and counts them.</summary>
    public static async Task<IReadOnlyList<StatementCounts>> ReadAsync(Database database)
    {
        var counts = new List<StatementCounts>();
        await database.WriteAsync(writing => Task.FromResult(Add(counts, writing)), CancellationToken);
        await ReadIdleAsync(database, counts, readers: 4);
        return counts
            .GroupBy(each => each.Text)
            .Select(Sum)
            .Where(each => each.Runs > 0)
            .ToList();
    }

    private static StatementCounts Sum(IGrouping<string, StatementCounts> same) =>
        new(same.Key, same.Sum(each => each.Runs), same.Sum(each => each.ScanSteps), same.Sum(each => each.Steps));

    /// <summary>Each reading within another has a connection of its own, so that all of those that wait open come up.</summary>
    private static async Task ReadIdleAsync(Database database, List<StatementCounts> counts, int readers)
    {
        if (readers > 0)
            await database.ReadAsync(
                async reading =>
                {
                    await ReadIdleAsync(database, counts, readers - 1);
                    return Add(counts, reading);
                },
                CancellationToken);
    }

    private static bool Add(List<StatementCounts> counts, Reading reading)
    {
        using var command = reading.Sql("SELECT 1");
        var connection = ((SqliteConnection)command.Connection!).Handle!.DangerousGetHandle();
        for (var statement = Native.Next(connection, 0); statement != 0; statement = Native.Next(connection, statement))
            counts.Add(new StatementCounts(
                Marshal.PtrToStringUTF8(Native.Sql(statement))!,
                Native.Status(statement, Native.Runs, 0),
                Native.Status(statement, Native.ScanSteps, 0),
                Native.Status(statement, Native.MachineSteps, 0)));
        return true;
    }
}

/// <summary>What Microsoft.Data.Sqlite has no face for.</summary>
internal static partial class Native
{
    public const int ScanSteps = 1, MachineSteps = 4, Runs = 6; // sqlite3.h: SQLITE_STMTSTATUS_FULLSCAN_STEP, _VM_STEP, _RUN

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_next_stmt")]
    public static partial nint Next(nint connection, nint after);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_sql")]
    public static partial nint Sql(nint statement);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_stmt_status")]
    public static partial int Status(nint statement, int counter, int reset);
}

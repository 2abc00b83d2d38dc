using System.Data.Common;
using Relay.Configuration;
using Relay.Operator;
using Relay.Storage;
using Relay.Storage.Selection;

namespace Relay.Cli;

/// <summary>How doctor checks the database.</summary>
internal static class DatabaseCheck
{
    private const string Name = "database";

    public static async Task<Finding> RunAsync(SettingsSource settings, CancellationToken cancellationToken)
    {
        try
        {
            await using var database = DatabaseFactory.Find(settings.Current, TimeProvider.System);
            if (database is null)
                return Finding.Ok(Name, "not there yet; relay run makes it");
            if (await database.FaultAsync(cancellationToken) is { } fault)
                return Finding.Fault(Name, fault, DatabaseFactory.Remedy(settings.Current));
            var applied = await Migrator.AppliedAsync(database, cancellationToken);
            if (applied > Migrator.Newest)
                return Finding.Fault(Name, $"at migration {applied}, this program knows {Migrator.Newest}", "use the newer program");
            var stranded = applied == Migrator.Newest
                ? await database.ReadAsync(reading => StateCheck.ReadAsync(reading, cancellationToken), cancellationToken)
                : [];
            return stranded.Count > 0
                ? Finding.Fault(
                    Name, $"a fault of the program, waiting for nothing: {string.Join("; ", stranded)}",
                    "relay retry or relay drop brings each message on its way")
                : Finding.Ok(Name, $"sound, {await database.DescribeAsync(cancellationToken)}{Outlook(applied)}");
        }
        catch (DatabaseFaultException exception)
        {
            return Finding.Fault(Name, exception.Reason, exception.Remedy);
        }
        catch (DbException exception)
        {
            return Finding.Fault(Name, $"cannot be read: {Database.Explain(exception)}", DatabaseFactory.Access(settings.Current));
        }
    }

    private static string Outlook(long applied) => applied switch
    {
        0 => ", empty; relay run makes its tables",
        _ when applied < Migrator.Newest => $", at migration {applied} of {Migrator.Newest}; relay run brings it up to date",
        _ => "",
    };
}

using System.Data.Common;
using Relay.Configuration;
using Relay.Conversations;
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
            return await database.FaultAsync(cancellationToken) is { } damage
                ? Finding.Fault(Name, $"damaged: {damage}", DatabaseFactory.Remedy(settings.Current))
                : Finding.Ok(Name, $"sound, {await database.DescribeAsync(cancellationToken)}");
        }
        catch (DbException exception)
        {
            return Finding.Fault(Name, $"cannot be read: {exception.Message}", DatabaseFactory.Access(settings.Current));
        }
    }
}

using System.Data.Common;

namespace Relay.Storage;

/// <summary>The database cannot be had now, for a reason that may pass: its server is down, or another relay holds it.</summary>
internal sealed class DatabaseUnavailableException(string reason, Exception? cause) : DbException(reason, cause)
{
    public override bool IsTransient => true;
}

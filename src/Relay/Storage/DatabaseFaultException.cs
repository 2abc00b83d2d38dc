using System.Data.Common;

namespace Relay.Storage;

internal enum DatabaseFault
{
    /// <summary>There is no room left to write.</summary>
    Full,

    /// <summary>It takes no writes.</summary>
    ReadOnly,

    /// <summary>The disk fails, or a file of it cannot be opened.</summary>
    Unreachable,

    /// <summary>What is there is not what was written.</summary>
    Damaged,

    /// <summary>There is less in it than was known to be: it is an older copy, or what came last is gone.</summary>
    Older,

    /// <summary>A newer program has changed it.</summary>
    Newer,

    /// <summary>It is gone, or another, or an empty one is in its place.</summary>
    Lost,
}

/// <summary>The database itself is at fault, whoever met it: said in words for people, with what to do.</summary>
internal sealed class DatabaseFaultException(DatabaseFault kind, string reason, string remedy, DbException? cause)
    : DbException($"{reason}: {remedy}", cause)
{
    public DatabaseFault Kind { get; } = kind;

    public string Reason { get; } = reason;

    public string Remedy { get; } = remedy;

    /// <summary>Time mends none of these: somebody has to put the database back.</summary>
    public bool NeedsRestoring => Kind is DatabaseFault.Damaged or DatabaseFault.Older or DatabaseFault.Lost;

    /// <summary>As a wrong setting: somebody has to change something here before it can be used at all.</summary>
    public bool IsOfConfiguration => NeedsRestoring || Kind is DatabaseFault.Newer;

    public override string? SqlState => cause?.SqlState;
}

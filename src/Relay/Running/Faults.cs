using System.Collections.Concurrent;

namespace Relay.Running;

/// <summary>What is broken right now, by the part of the program that met it: for the status and the health page.</summary>
internal sealed class Faults(ChangeFeed changes)
{
    private readonly ConcurrentDictionary<string, string> _standing = new();

    /// <summary>The source of the faults in .env and config.yaml.</summary>
    public const string Configuration = "configuration";

    /// <summary>The source of what is wrong with all of the database.</summary>
    public const string Database = "the database";

    /// <summary>Nothing goes on while it stands, and it hardly passes by itself: the operator is told at once.</summary>
    public static bool IsUrgent(string source, string message) => source is Configuration or Database || FullDisk.Is(message);

    /// <summary>Two parts of the program have met the same: a page about one is about both.</summary>
    public static bool IsSame(string one, string other) =>
        FullDisk.Is(one) ? FullDisk.Is(other) : one == other || one.StartsWith(other + ";", StringComparison.Ordinal);

    public IReadOnlyCollection<string> Standing => All.Select(fault => $"{fault.Source}: {fault.Message}").ToList();

    /// <summary>In the order of their sources.</summary>
    public IReadOnlyList<(string Source, string Message)> All =>
        _standing.Select(fault => (fault.Key, fault.Value)).OrderBy(fault => fault.Key, StringComparer.Ordinal).ToList();

    /// <summary>True when this is news.</summary>
    public bool Set(string source, string message)
    {
        var known = _standing.TryGetValue(source, out var before) && before == message;
        _standing[source] = message;
        if (!known)
            changes.Publish(Topic.Faults);
        return !known;
    }

    public void Clear(string source)
    {
        if (_standing.TryRemove(source, out _))
            changes.Publish(Topic.Faults);
    }
}

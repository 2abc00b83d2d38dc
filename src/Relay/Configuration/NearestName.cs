namespace Relay.Configuration;

/// <summary>Finds the known name that a mistyped one probably stands for.</summary>
internal static class NearestName
{
    private const int LongestTyped = 64;

    /// <summary>Null when no name is near enough: two letters may differ, in a long name up to a third of them.</summary>
    public static string? Of(string typed, IReadOnlyList<string> known)
    {
        if (typed.Length > LongestTyped)
            return null;

        var plain = typed.Replace('-', '_');
        var best = known
            .Select(name => (Name: name, Distance: Distance(plain, name)))
            .DefaultIfEmpty((Name: "", Distance: int.MaxValue))
            .MinBy(pair => pair.Distance);
        return best.Distance <= Math.Max(2, best.Name.Length / 3) ? best.Name : null;
    }

    /// <summary>The nearest of the known names, however far, the nearest first.</summary>
    public static IReadOnlyList<string> Several(string typed, IEnumerable<string> known, int most) => known
        .OrderBy(name => Distance(typed, name.ToLowerInvariant()))
        .ThenBy(name => name, StringComparer.Ordinal)
        .Take(most)
        .ToList();

    /// <summary>The Levenshtein distance, ignoring case.</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var same = char.ToLowerInvariant(left[i - 1]) == right[j - 1] ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + same));
            }
        }
        return row[^1];
    }
}

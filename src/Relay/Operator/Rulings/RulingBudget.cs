using System.Globalization;
using Relay.Conversations;

namespace Relay.Operator.Rulings;

/// <summary>What the calls of a conversation carry of rulings: its own, and those for all.</summary>
internal static class RulingBudget
{
    /// <summary>Of every conversation that has any of its own, and of one that has none.</summary>
    public static IReadOnlyList<RulingSize> Carried(IReadOnlyList<RulingSize> sizes)
    {
        var (count, characters) = (0L, 0L);
        foreach (var size in sizes)
            if (size.Scope == RulingScope.Always)
                (count, characters) = (count + size.Count, characters + size.Characters);
        var carried = sizes
            .GroupBy(size => size.Conversation)
            .Select(group => new RulingSize(
                group.Key, RulingScope.Conversation,
                count + group.Where(size => size.Scope == RulingScope.Conversation).Sum(size => size.Count),
                characters + group.Where(size => size.Scope == RulingScope.Conversation).Sum(size => size.Characters)));
        return [.. carried.OrderByDescending(size => size.Characters)];
    }

    public static RulingSize? Largest(IReadOnlyList<RulingSize> sizes) => Carried(sizes) is [var first, ..] ? first : null;

    /// <summary>Which to retire so that a conversation carries no more than the cap: first those that were never cited, the oldest first,
    /// then the longest.</summary>
    public static IReadOnlyList<RulingRecord> Proposal(IEnumerable<RulingRecord> standing, ConversationId conversation, long cap)
    {
        var carried = standing.Where(ruling => ruling.HoldsIn(conversation)).ToList();
        var over = carried.Sum(ruling => ruling.Characters) - cap;
        var proposed = new List<RulingRecord>();
        foreach (var ruling in carried
            .OrderBy(ruling => ruling.Uses > 0)
            .ThenBy(ruling => ruling.Uses > 0 ? DateTimeOffset.MinValue : ruling.At)
            .ThenByDescending(ruling => ruling.Characters)
            .ThenBy(ruling => ruling.Id))
        {
            if (over <= 0)
                break;
            proposed.Add(ruling);
            over -= ruling.Characters;
        }
        return proposed;
    }

    /// <summary>A line for each.</summary>
    public static string Describe(IEnumerable<RulingRecord> proposed) => string.Join('\n', proposed.Select(ruling =>
    {
        var cited = ruling.LastUsedAt is { } at
            ? string.Create(CultureInfo.InvariantCulture, $"cited {ruling.Uses} times, last {at:yyyy-MM-dd}")
            : string.Create(CultureInfo.InvariantCulture, $"never cited since {ruling.At:yyyy-MM-dd}");
        return string.Create(
            CultureInfo.InvariantCulture, $"relay rulings retire {ruling.Id}   ({cited}, {ruling.Characters:N0} characters)");
    }));
}

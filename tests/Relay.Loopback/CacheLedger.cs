using System.Security.Cryptography;
using System.Text;

namespace Relay.Loopback;

/// <summary>Which cache markers count when a request is billed.</summary>
public enum MarkerPolicy
{
    AsSent,

    /// <summary>Only one 5-minute marker on the last block before the messages, whatever markers were sent.</summary>
    SystemOnly,
    None,
}

/// <summary>Computes what requests cost with prompt caching. The time comes from the requests themselves,
/// so recorded requests can be billed again under another policy. Each policy needs its own ledger.
/// One bill: (1) place the breakpoints, (2) hash the prefix at each block, (3) look back from each breakpoint
/// for a live entry, (4) split the prompt at A (read), B (1h write) and C (5m write), (5) write the new entries.</summary>
public sealed class CacheLedger
{
    /// <summary>How many positions are searched from a breakpoint backwards, including the breakpoint.</summary>
    private const int LookBackPositions = 20;

    private readonly Dictionary<string, Entry> _entries = [];
    private readonly Lock _lock = new();

    /// <summary>Bills the request and remembers what it wrote to the cache. Thread-safe.</summary>
    /// <param name="outputTokens">Of the recorded answer.</param>
    public TokenUsage Bill(AdvisorRequest request, MarkerPolicy policy = MarkerPolicy.AsSent) =>
        Bill(request, policy, request.Usage?.OutputTokens ?? 0);

    internal TokenUsage Bill(AdvisorRequest request, MarkerPolicy policy, int outputTokens)
    {
        var prefixes = Prefixes(request);                                             // (2)
        var breakpoints = Breakpoints(request, policy)                                // (1)
            .Where(point => prefixes[point.Index].Tokens >= ModelFacts.MinimumPrefixTokens(request.Model))
            .ToArray();

        lock (_lock)
        {
            var hit = FindHit_NeedsLock(prefixes, breakpoints, request.ArrivedAt);    // (3)
            Write_NeedsLock(prefixes, breakpoints.Where(point => point.Index > hit), request); // (5)
            return Split(prefixes, breakpoints, hit, outputTokens);                   // (4)
        }
    }

    private static List<Breakpoint> Breakpoints(AdvisorRequest request, MarkerPolicy policy)
    {
        var blocks = request.Blocks;
        if (policy == MarkerPolicy.None)
            return [];

        if (policy == MarkerPolicy.SystemOnly)
        {
            var lastSystem = blocks.Count(block => block.Section != PromptSection.Messages) - 1;
            return lastSystem >= 0 ? [new Breakpoint(lastSystem, CacheLifetime.FiveMinutes)] : [];
        }

        var marked = blocks.Select((block, index) => (block.Marker, Index: index))
            .Where(block => block.Marker is not null)
            .Select(block => new Breakpoint(block.Index, block.Marker!.Value))
            .ToList();
        var last = LastMarkable(blocks);
        if (request.AutomaticCache is { } automatic && last >= 0 && marked.All(point => point.Index != last))
            marked.Add(new Breakpoint(last, automatic));
        return marked;
    }

    private static int LastMarkable(IReadOnlyList<PromptBlock> blocks)
    {
        var index = blocks.Count - 1;
        while (index >= 0 && blocks[index].Type is "thinking" or "redacted_thinking")
            index--;
        return index;
    }

    private static Prefix[] Prefixes(AdvisorRequest request)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(request.Model));
        var blocks = request.Blocks;
        var prefixes = new Prefix[blocks.Count];
        var (tokens, inMessages) = (0, false);
        for (var index = 0; index < prefixes.Length; index++)
        {
            if (!inMessages && blocks[index].Section == PromptSection.Messages)
            {
                hash.AppendData(Encoding.UTF8.GetBytes(request.Prompt.MessagesSeed));
                inMessages = true;
            }
            blocks[index].AppendTo(hash);
            tokens += blocks[index].Tokens;
            prefixes[index] = new Prefix(Convert.ToHexString(hash.GetCurrentHash()), tokens);
        }
        return prefixes;
    }

    /// <summary>The last index that can be read from the cache, or -1. Extends the life of every entry that a breakpoint finds.</summary>
    private int FindHit_NeedsLock(Prefix[] prefixes, IEnumerable<Breakpoint> breakpoints, DateTimeOffset now)
    {
        var highest = -1;
        foreach (var point in breakpoints)
        {
            for (var index = point.Index; index >= 0 && index > point.Index - LookBackPositions; index--)
            {
                if (!_entries.TryGetValue(prefixes[index].Hash, out var entry) || now >= entry.ExpiresAt || now < entry.ReadableFrom)
                    continue;

                _entries[prefixes[index].Hash] = entry with { ExpiresAt = now + Span(entry.Lifetime) };
                highest = Math.Max(highest, index);
                break;
            }
        }
        return highest;
    }

    private void Write_NeedsLock(Prefix[] prefixes, IEnumerable<Breakpoint> breakpoints, AdvisorRequest request)
    {
        foreach (var point in breakpoints)
        {
            // An entry can be read only after the answer to the request that wrote it has begun.
            _entries[prefixes[point.Index].Hash] = new Entry(point.Lifetime, request.ArrivedAt + Span(point.Lifetime), request.AnsweredAt);
        }
    }

    private static TokenUsage Split(Prefix[] prefixes, Breakpoint[] breakpoints, int hit, int outputTokens)
    {
        int TokensThrough(IEnumerable<Breakpoint> points, int atLeast) =>
            points.Select(point => prefixes[point.Index].Tokens).Append(atLeast).Max();

        var a = hit >= 0 ? prefixes[hit].Tokens : 0;
        var b = TokensThrough(breakpoints.Where(point => point.Lifetime == CacheLifetime.OneHour), a);
        var c = TokensThrough(breakpoints, b);
        var total = prefixes.Length == 0 ? 0 : prefixes[^1].Tokens;
        return new TokenUsage(total - c, CacheWrite5mTokens: c - b, CacheWrite1hTokens: b - a, CacheReadTokens: a, outputTokens);
    }

    private static TimeSpan Span(CacheLifetime lifetime) =>
        lifetime == CacheLifetime.OneHour ? TimeSpan.FromHours(1) : TimeSpan.FromMinutes(5);

    private readonly record struct Breakpoint(int Index, CacheLifetime Lifetime);

    private readonly record struct Prefix(string Hash, int Tokens);

    private sealed record Entry(CacheLifetime Lifetime, DateTimeOffset ExpiresAt, DateTimeOffset ReadableFrom);
}

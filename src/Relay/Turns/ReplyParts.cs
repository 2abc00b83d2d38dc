using System.Text.RegularExpressions;
using Relay.Conversations;

namespace Relay.Turns;

/// <summary>A reply may carry parts for other sessions: a line "@session-2:" starts one, up to the next such line. A line that names no
/// session the relay knows is text like any other, and so is every line inside a fenced code block.</summary>
internal sealed partial record ReplyParts(string Own, IReadOnlyList<(SessionId Session, string Text)> Others)
{
    /// <summary>The names at which a part would start.</summary>
    public static IReadOnlyList<string> Names(string reply) => reply.Contains('@')
        ? FenceOrAddress().Matches(reply).Where(match => match.Groups["id"].Success)
            .Select(match => match.Groups["id"].Value).Distinct().ToList()
        : [];

    public static ReplyParts Split(string reply, SessionId asker, IReadOnlyCollection<string> known)
    {
        var parts = new List<(SessionId Session, string Text)> { (asker, "") };
        var start = 0;
        foreach (Match match in FenceOrAddress().Matches(reply))
        {
            if (!match.Groups["id"].Success || !known.Contains(match.Groups["id"].Value))
                continue;
            parts[^1] = parts[^1] with { Text = reply[start..match.Index] };
            parts.Add((SessionId.Stored(match.Groups["id"].Value), ""));
            start = match.Index + match.Length;
        }
        if (parts.Count == 1)
            return new ReplyParts(reply, []);
        parts[^1] = parts[^1] with { Text = reply[start..] };
        var bySession = parts
            .GroupBy(part => part.Session)
            .ToDictionary(
                group => group.Key,
                group => string.Join("\n\n", group.Select(part => part.Text.Trim()).Where(text => text.Length > 0)));
        bySession.Remove(asker, out var own);
        // One who asked and got no part of its own sees the whole reply: an answer must come, and this is what was answered.
        return new ReplyParts(
            string.IsNullOrEmpty(own) ? reply : own,
            bySession.Where(part => part.Value.Length > 0).Select(part => (part.Key, part.Value)).ToList());
    }

    /// <summary>A block is taken whole: from its fence of three or more to one at least as long, or to the end of the reply.</summary>
    [GeneratedRegex(
        @"^ {0,3}(?:(?<fence>`{3,})[^`\n]*|(?<fence>~{3,})[^\n]*)(?:\n(?s:.*?)(?:^ {0,3}\k<fence>[`~]*[ \t\r]*$|\z)|\z)"
        + "|^@(?<id>[A-Za-z0-9_-]{1,64}):",
        RegexOptions.Multiline)]
    private static partial Regex FenceOrAddress();
}

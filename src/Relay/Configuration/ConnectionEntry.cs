using System.Text.RegularExpressions;

namespace Relay.Configuration;

/// <summary>A connection: a name under which sessions may speak, and the one token that says so.</summary>
/// <param name="Name">Its sessions have this name, or one that is numbered from it.</param>
/// <param name="Generation">How often a token was made for the name, beginning with 1.</param>
/// <param name="Serial">Drawn at random for each generation: were the list lost, no old token could become valid again.</param>
/// <param name="MadeAt">When this generation was made.</param>
internal sealed partial record ConnectionEntry(string Name, int Generation, string Serial, DateTimeOffset MadeAt)
{
    public const string AllowedNames = "1 to 56 characters of A-Z, a-z, 0-9, _ and - (" + ReservedNames.Text + ")";

    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>The project that was connected with it; null when it was made by relay token.</summary>
    public string? Folder { get; init; }

    /// <summary>Whether it is for all projects of a user: its sessions are named by their folders, and may have any name that is no
    /// other connection's.</summary>
    public bool IsOfFolders { get; init; }

    /// <summary>Shorter than a session's name may be, so that a number has room behind it.</summary>
    public static bool IsName(string name) => Pattern().IsMatch(name) && !ReservedNames.Contains(name);

    /// <summary>Whether it is the name or, as NAME-2, made from it.</summary>
    public static bool Covers(string name, string session) =>
        session == name
        || (session.StartsWith(name + "-", StringComparison.Ordinal) && Number().IsMatch(session.AsSpan(name.Length)));

    /// <summary>The one that a session's name belongs to: its own, else the one it is numbered from.</summary>
    public static ConnectionEntry? Of(IReadOnlyList<ConnectionEntry> known, string session) =>
        known.FirstOrDefault(each => each.Name == session) ?? known.FirstOrDefault(each => Covers(each.Name, session));

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,56}\z")]
    private static partial Regex Pattern();

    [GeneratedRegex(@"\A-([2-9]|[1-9][0-9]{1,6})\z")]
    private static partial Regex Number();
}

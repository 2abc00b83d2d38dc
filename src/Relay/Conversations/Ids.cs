using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Relay.Configuration;

namespace Relay.Conversations;

/// <summary>A session's name: 1 to 64 characters of [A-Za-z0-9_-], so it can be the name of a folder.</summary>
internal readonly partial record struct SessionId
{
    public const string Allowed = "1 to 64 characters of A-Z, a-z, 0-9, _ and - (" + ReservedNames.Text + ")";

    /// <summary>No session: the id in messages of the operator that answer no question. Their replies go to the operator.</summary>
    public static readonly SessionId None = new("");

    private SessionId(string value) => Value = value;

    public string Value { get; }

    public static SessionId? TryParse(string text) =>
        Pattern().IsMatch(text) && !ReservedNames.Contains(text) ? new SessionId(text) : null;

    /// <summary>For an id that was checked before.</summary>
    public static SessionId Stored(string value) => new(value);

    public override string ToString() => Value;

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex Pattern();
}

internal readonly record struct ConversationId(string Value)
{
    public override string ToString() => Value;
}

/// <summary>Short enough to be typed: nine letters of the time in milliseconds and six of chance, without i, l, o and u. Newer ids are
/// greater, so messages of about the same time are next to each other in the database.</summary>
internal readonly partial record struct MessageId(string Value)
{
    private const string Letters = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int OfTime = 9, OfChance = 6;

    /// <summary>How far the clock of the one who made an id may be ahead.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromHours(1);

    public static MessageId New(DateTimeOffset now) => new(
        Written(now.ToUnixTimeMilliseconds(), OfTime) + Written(RandomNumberGenerator.GetInt32(1 << 30), OfChance));

    /// <summary>An id that was made elsewhere, as by relay send; null when it is not of this form or from the future.</summary>
    public static MessageId? TryParse(string? text, DateTimeOffset now)
    {
        if (text is null || !Pattern().IsMatch(text))
            return null;
        var time = text[..OfTime].Aggregate(0L, (sum, letter) => (sum << 5) | (long)Letters.IndexOf(letter));
        return time <= (now + Ahead).ToUnixTimeMilliseconds() ? new MessageId(text) : null;
    }

    public override string ToString() => Value;

    private static string Written(long number, int length) =>
        string.Create(length, number, (letters, left) =>
        {
            for (var index = letters.Length - 1; index >= 0; index--, left >>= 5)
                letters[index] = Letters[(int)(left & 31)];
        });

    [GeneratedRegex(@"\A1[0-9a-hjkmnp-tv-z]{14}\z")]
    private static partial Regex Pattern();
}

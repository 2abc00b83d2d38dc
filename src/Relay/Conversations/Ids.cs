using System.Text.RegularExpressions;

namespace Relay.Conversations;

/// <summary>A session's name: 1 to 64 characters of [A-Za-z0-9_-], so it can be the name of a folder.</summary>
internal readonly partial record struct SessionId
{
    public const string Allowed = "1 to 64 characters of A-Z, a-z, 0-9, _ and -";

    /// <summary>No session: the id in messages of the operator that answer no question. Their replies go to the operator.</summary>
    public static readonly SessionId None = new("");

    private SessionId(string value) => Value = value;

    public string Value { get; }

    public static SessionId? TryParse(string text) => Pattern().IsMatch(text) ? new SessionId(text) : null;

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

internal readonly record struct MessageId(string Value)
{
    /// <summary>Newer ids are greater, so messages of about the same time are next to each other in the database.</summary>
    public static MessageId New(DateTimeOffset now) => new(Guid.CreateVersion7(now).ToString());

    public override string ToString() => Value;
}

using Relay.Configuration;

namespace Relay.Http;

/// <summary>Who makes a request: decided by the credential it came with, never by what it says.</summary>
internal abstract record Caller
{
    private Caller() { }

    /// <summary>The operator, or a program of the operator's: may do everything.</summary>
    public sealed record Operator : Caller
    {
        /// <summary>The browser it comes from; null for a bearer's.</summary>
        public SignIn? Browser { get; init; }

        public override bool MaySpeakAs(string session) => true;
    }

    /// <summary>The sessions of one connection.</summary>
    /// <param name="Name">Of the connection, and of its session unless that has a number.</param>
    /// <param name="Connections">The names of all: a name that is a connection's own is numbered from no other.</param>
    public sealed record Connection(string Name, IReadOnlySet<string> Connections) : Caller
    {
        public override bool MaySpeakAs(string session) =>
            session == Name || (ConnectionEntry.Covers(Name, session) && !Connections.Contains(session))
            || (IsOfFolders && !ReservedNames.Contains(session)
                && !Connections.Any(other => other != Name && ConnectionEntry.Covers(other, session)));

        /// <summary>Of all projects of a user, where each session is named by its folder.</summary>
        public bool IsOfFolders { get; init; }

        public override string NameSource => "connection:" + Name;
    }

    public abstract bool MaySpeakAs(string session);

    /// <summary>To whom a session's name is counted if it is new; null where names are bound by nothing.</summary>
    public virtual string? NameSource => null;

    /// <exception cref="InvalidOperationException">Nobody has been let in with this request.</exception>
    public static Caller Of(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("the request has no caller");

    public static string NotYours(string session, string name) =>
        $"this token is for the session {name} and those numbered from it ({name}-2), not for \"{session}\"";
}

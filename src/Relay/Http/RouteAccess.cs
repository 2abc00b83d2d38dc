namespace Relay.Http;

internal enum Access
{
    /// <summary>What a route has that says nothing.</summary>
    Operator,

    /// <summary>Sessions, each for itself, and the operator.</summary>
    Connections,

    /// <summary>No token is needed.</summary>
    Everybody,
}

/// <summary>Who may use a route, said where it is mapped.</summary>
internal sealed record RouteAccess(Access Access)
{
    public static Access Of(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<RouteAccess>()?.Access ?? Access.Operator;
}

/// <summary>A route that takes forms of the operator's page and checks their token.</summary>
internal sealed record FormAccess
{
    public static bool IsOf(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<FormAccess>() is not null;
}

/// <summary>How a route that people open answers one who has not signed in.</summary>
internal sealed record AtTheDoor(Func<HttpContext, string, Task> AnswerAsync);

internal static class RouteAccessExtensions
{
    public static TBuilder For<TBuilder>(this TBuilder route, Access access)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new RouteAccess(access));
}

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

internal static class RouteAccessExtensions
{
    public static TBuilder For<TBuilder>(this TBuilder route, Access access)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new RouteAccess(access));
}

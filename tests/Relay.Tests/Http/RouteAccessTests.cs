using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Relay.Http;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Http;

/// <summary>Each route says whom it is for, and what says nothing is the operator's.</summary>
public sealed class RouteAccessTests
{
    private static readonly string[] Expected =
    [
        "DELETE /mcp Connections",
        "GET / Operator",
        "GET /agents/{agent}/wait Connections",
        "GET /assets/{name} Everybody",
        "GET /budget Operator",
        "GET /changes Operator",
        "GET /conversations Operator",
        "GET /conversations/{name} Operator",
        "GET /costs Operator",
        "GET /costs.csv Operator",
        "GET /healthz Everybody",
        "GET /held Operator",
        "GET /held/drop Operator",
        "GET /mcp Connections",
        "GET /messages/{conversation}/{id} Operator",
        "GET /questions/{id:long} Operator",
        "GET /rulings Operator",
        "GET /rulings/{id:long} Operator",
        "GET /search Operator",
        "GET /sessions/{session}/replies Connections",
        "GET /sign-in Everybody",
        "GET /sign-ins Operator",
        "GET /status Operator",
        "GET /watch Operator",
        "POST /answer Operator",
        "POST /answers Operator",
        "POST /ask Connections",
        "POST /choose Operator",
        "POST /ask-back Operator",
        "POST /budget Operator",
        "POST /budget/today Operator",
        "POST /conversations/pause Operator",
        "POST /conversations/resume Operator",
        "POST /held/drop Operator",
        "POST /held/retry Operator",
        "POST /hooks/claude-code Connections",
        "POST /later Operator",
        "POST /mcp Connections",
        "POST /messages/drop Operator",
        "POST /messages/retry Operator",
        "POST /messages/{id}/drop Operator",
        "POST /messages/{id}/retry Operator",
        "POST /overturn Operator",
        "POST /retire Operator",
        "POST /pause Operator",
        "POST /resume Operator",
        "POST /receipts/{id} Connections",
        "POST /retry Operator",
        "POST /rulings/overturn Operator",
        "POST /rulings/{id}/retire Operator",
        "POST /rulings/{id}/scope Operator",
        "POST /say Operator",
        "POST /scope Operator",
        "POST /seen Operator",
        "POST /sign-ins Operator",
        "POST /sign-ins/{id}/revoke Operator",
        "POST /tap Operator",
        "POST /undo Operator",
        "POST /words Operator",
    ];

    [Fact]
    public async Task Every_route_is_listed_here_with_whom_it_is_for()
    {
        await using var relay = await RunningRelay.StartAsync();

        var routes = from endpoint in relay.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                     from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["*"]
                     select $"{method} /{endpoint.RoutePattern.RawText?.Trim('/')} {RouteAccess.Of(endpoint)}";

        Assert.Equal(Expected.Order(StringComparer.Ordinal), routes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_route_without_a_word_is_the_operators()
    {
        Assert.Equal(Access.Operator, RouteAccess.Of(endpoint: null));
        Assert.Equal(Access.Operator, RouteAccess.Of(new Endpoint(null, EndpointMetadataCollection.Empty, "new")));
    }

    [Fact]
    public async Task A_connection_gets_403_for_all_that_is_the_operators_and_for_what_there_is_not()
    {
        await using var relay = await RunningRelay.StartAsync();
        var shop = await Connected.AsAsync(relay, "shop");

        foreach (var line in Expected.Where(line => line.EndsWith("Operator", StringComparison.Ordinal))
            .Concat(["GET /no/such/thing ", "POST /status ", "GET /ask ", "POST /healthz "]))
        {
            var path = line.Split(' ')[1]
                .Replace("{id}", "1", StringComparison.Ordinal).Replace("{id:long}", "1", StringComparison.Ordinal);
            var method = new HttpMethod(line.Split(' ')[0]);
            Assert.Equal((line, HttpStatusCode.Forbidden), (line, await shop.StatusAsync(method, path, new { text = "allow" })));
        }
    }
}

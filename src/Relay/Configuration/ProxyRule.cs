using System.Net;

namespace Relay.Configuration;

/// <summary>The proxies that are believed: addresses or networks, never all of them.</summary>
internal static class ProxyRule
{
    private const string Allowed = "a list of addresses such as 10.0.0.2, or networks such as 10.0.0.0/8";

    public static Rule<IReadOnlyList<IPNetwork>> Proxies => value =>
    {
        if (value is not YamlValue.List list)
            return new Parsed<IReadOnlyList<IPNetwork>>.Invalid(value.Problem, Allowed);
        var proxies = new List<IPNetwork>();
        foreach (var item in list.Items)
        {
            if (item is not YamlValue.Scalar { Content: var text } || Parse(text) is not { PrefixLength: > 0 } proxy)
                return new Parsed<IReadOnlyList<IPNetwork>>.Invalid(item.Problem, Allowed);
            proxies.Add(proxy);
        }
        return new Parsed<IReadOnlyList<IPNetwork>>.Valid(proxies);
    };

    private static IPNetwork? Parse(string text) => text.Contains('/')
        ? IPNetwork.TryParse(text, out var network) ? network : null
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, 8 * address.GetAddressBytes().Length) : null;
}

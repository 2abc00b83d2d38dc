namespace Relay.Http;

/// <summary>The cookie of the operator's page. Browsers send a host's cookies to all of its ports, so each relay's has its port in its
/// name.</summary>
internal static class SignInCookie
{
    public static string? Of(HttpRequest request) => request.Cookies[NameFor(request)];

    public static void Set(HttpContext context, string value) => context.Response.Cookies.Append(
        NameFor(context.Request), value, Options(context.Request, SignIns.Idle));

    public static void Remove(HttpContext context) =>
        context.Response.Cookies.Delete(NameFor(context.Request), Options(context.Request, lasts: null));

    private static string NameFor(HttpRequest request)
    {
        var name = request.Host.Port is { } port ? $"relay-{port}" : "relay";
        return request.IsHttps ? "__Host-" + name : name;
    }

    private static CookieOptions Options(HttpRequest request, TimeSpan? lasts) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = request.IsHttps,
        Path = "/",
        MaxAge = lasts,
    };
}

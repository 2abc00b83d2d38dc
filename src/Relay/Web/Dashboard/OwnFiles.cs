using System.Reflection;
using System.Security.Cryptography;

namespace Relay.Web.Dashboard;

/// <summary>The page's own files, which lie in the program. Their names carry what is in them, so a browser keeps them.</summary>
internal sealed record OwnFiles(byte[] Content, string Type, string Version)
{
    private const string Prefix = "Dashboard/";

    private static readonly Dictionary<string, OwnFiles> All = Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(name => name[Prefix.Length..], Load);

    public static string Href(string name) => $"/assets/{name}?{All[name].Version}";

    public static Task SendAsync(HttpContext context)
    {
        if (!All.TryGetValue((string)context.Request.RouteValues["name"]!, out var asset))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        context.Response.ContentType = asset.Type;
        context.Response.ContentLength = asset.Content.Length;
        context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.Body.WriteAsync(asset.Content, context.RequestAborted).AsTask();
    }

    private static OwnFiles Load(string resource)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new OwnFiles(content, TypeOf(resource), Convert.ToHexStringLower(SHA256.HashData(content))[..12]);
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    };
}

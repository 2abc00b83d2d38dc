using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Relay.Files;

namespace Relay.Http;

#pragma warning disable RS0030 // Only here may clients be made: BannedSymbols.Clients.txt.

/// <summary>Makes every HTTP client of the program. None follows a redirect: the key, the token and the whole conversation would go to whom
/// it names. None keeps cookies, and none reads more of an answer than it can use: at the other end may be anything.</summary>
internal static class Outgoing
{
    /// <summary>An answer of the Messages API that is taken: a stream of events, or one message.</summary>
    public const int LongestReply = 32 * 1024 * 1024;

    /// <summary>What needs a few lines: an error, a count of tokens, an ntfy server's answer.</summary>
    public const int LongestNote = 64 * 1024;

    /// <summary>A list of models.</summary>
    public const int LongestList = 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <param name="decompress">Whether an answer may come compressed. Then its size is bounded after it is decompressed.</param>
    public static SocketsHttpHandler Handler(bool decompress = false) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = decompress ? DecompressionMethods.All : DecompressionMethods.None,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        MaxResponseHeadersLength = 64,
    };

    /// <summary>It has no timeout of its own: one would end with the headers of an answer, before its body.</summary>
    public static HttpClient Client(HttpMessageHandler handler, bool ownsHandler = true) =>
        new(handler, ownsHandler) { Timeout = Timeout.InfiniteTimeSpan };

    public static HttpClient Client() => Client(Handler());

    /// <summary>For what is on this machine: no proxy.</summary>
    public static HttpClient LocalClient()
    {
        var handler = Handler();
        handler.UseProxy = false;
        return Client(handler);
    }

    /// <summary>For what speaks over a Unix socket, wherever the address of a request points.</summary>
    /// <param name="find">Tells where it lies, for each connection anew.</param>
    public static HttpClient SocketClient(Func<string> find)
    {
        var handler = Handler();
        handler.UseProxy = false;
        handler.ConnectCallback = (_, _) =>
            ValueTask.FromResult<Stream>(new NetworkStream(LocalSocket.Connect(find(), Patience), ownsSocket: true));
        return Client(handler);
    }

    /// <summary>Sends a request and reads the whole answer.</summary>
    /// <exception cref="HttpRequestException">The answer has more than <paramref name="longest"/> bytes.</exception>
    public static async Task<(HttpResponseMessage Response, byte[] Body)> FetchAsync(
        this HttpClient http, HttpRequestMessage request, int longest, CancellationToken cancellationToken)
    {
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        try
        {
            var (body, isCut) = await response.BeginningAsync(longest, cancellationToken);
            return isCut ? throw new HttpRequestException($"the answer is larger than {Size(longest)}") : (response, body);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>The beginning of an answer, and whether there was more.</summary>
    public static async Task<(byte[] Body, bool IsCut)> BeginningAsync(
        this HttpResponseMessage response, int longest, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var body = new MemoryStream();
        var piece = new byte[Math.Min(longest, 16 * 1024)];
        while (await stream.ReadAsync(piece, cancellationToken) is > 0 and var length)
        {
            var room = longest - (int)body.Length;
            body.Write(piece, 0, Math.Min(length, room));
            if (length > room)
                return (body.ToArray(), true);
        }
        return (body.ToArray(), false);
    }

    public static string Size(int bytes) => bytes >= 1024 * 1024
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024 / 1024} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024} KiB");
}

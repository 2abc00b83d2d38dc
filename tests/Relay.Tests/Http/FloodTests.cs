using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Relay.Http;
using Relay.Tests.Cli;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Http;

/// <summary>The real program, which may open 520 files: more connections than that do not end it, and those who have business with it are
/// let in.</summary>
public sealed class FloodTests
{
    private const int Handles = 520;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Half_open_connections_neither_end_the_relay_nor_keep_others_out()
    {
        await using var relay = new CliHome("advisor: simulated\nlisten: 127.0.0.1:0\n");
        using var program = Start(relay);
        var flood = new List<Socket>();
        try
        {
            await Until.TrueAsync(() => File.Exists(relay.Home.EndpointFile), "the relay");
            var url = new Uri(System.Text.Json.JsonDocument.Parse(
                await File.ReadAllBytesAsync(relay.Home.EndpointFile, CancellationToken)).RootElement.GetProperty("url").GetString()!);
            for (var i = 0; i < 3 * Handles; i++)
            {
                flood.Add(new Socket(SocketType.Stream, ProtocolType.Tcp));
                await flood[^1].ConnectAsync(IPAddress.Loopback, url.Port, CancellationToken);
            }
            using var http = new HttpClient { BaseAddress = url };

            var asked = await relay.RunAsync("ask", "--session", "s1", "Hello", "--timeout", "20s");
            await Until.TrueAsync(() => IsWellAsync(http), "an answer over TCP");

            Assert.Equal(0, asked.Exit);
            Assert.False(program.HasExited);
            Assert.InRange(Directory.GetFiles($"/proc/{program.Id}/fd").Length, 1, Handles - 10);
        }
        finally
        {
            flood.ForEach(socket => socket.Dispose());
            program.Kill();
            await program.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Theory]
    [InlineData(64, 8, 4, 4)]
    [InlineData(1_024, 254, 127, 127)]
    [InlineData(1_000_000, 2_000, 1_000, 1_000)]
    public void All_together_are_half_of_what_may_be_open(int handles, int all, int source, int socket)
    {
        Assert.Equal(new ConnectionLimits(all, source, socket), ConnectionLimits.Of(handles));
    }

    private static async Task<bool> IsWellAsync(HttpClient http)
    {
        try
        {
            using var health = await http.GetAsync("/healthz", CancellationToken);
            return health.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // It came while all the others did.
        }
    }

    private static Process Start(CliHome relay)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "counts handles in /proc");
        var command = $"ulimit -n {Handles}; exec \"$0\" run --home \"$1\"";
        var start = new ProcessStartInfo("/bin/sh", ["-c", command, Programs.Relay, relay.Home.Root])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["NTFY_SERVER"] = "http://127.0.0.1:9";
        var program = Process.Start(start)!;
        program.BeginOutputReadLine();
        program.BeginErrorReadLine();
        return program;
    }
}

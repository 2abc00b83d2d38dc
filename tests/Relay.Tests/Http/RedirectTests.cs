using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Relay.Cli;
using Relay.Configuration;
using Relay.Files;
using Relay.Storage;
using Relay.Tests.Advisor.Anthropic;
using Relay.Tests.Cli;
using Xunit;

namespace Relay.Tests.Http;

/// <summary>Whoever a redirect names gets nothing: no conversation, no key, no token. Calls and pages have their own tests of it.</summary>
public sealed class RedirectTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("listen: 127.0.0.1:0\n", SqlDialect.Sqlite.Name);

    public static TheoryData<int> Statuses => [301, 302, 303, 307, 308];

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [MemberData(nameof(Statuses))]
    public async Task A_call_and_its_count_go_to_nobody_else(int status)
    {
        await using var target = await TargetAsync();
        await using var api = await RedirectingAsync(status, target);
        using var rig = new AdvisorRig(api.Address);

        await rig.AskAsync();
        Assert.Null(await rig.Advisor.CountTokensAsync(AdvisorRig.Question(), CancellationToken));

        Assert.Equal((2, 0), (api.Requests, target.Requests));
    }

    [Theory]
    [MemberData(nameof(Statuses))]
    public async Task Doctors_checks_of_the_key_and_the_model_go_to_nobody_else(int status)
    {
        await using var target = await TargetAsync();
        await using var api = await RedirectingAsync(status, target);
        _relay.Environment["ANTHROPIC_API_KEY"] = "secret-key";
        _relay.Environment["ANTHROPIC_BASE_URL"] = api.Address.ToString();
        _relay.Environment["NTFY_SERVER"] = api.Address.ToString();

        var ran = await _relay.RunAsync("doctor", "--page");

        Assert.Contains("redirects to", ran.Output);
        Assert.True(api.Requests >= 3, "key, model and ntfy were asked for");
        Assert.Equal(0, target.Requests);
    }

    [Theory]
    [MemberData(nameof(Statuses))]
    public async Task A_command_is_not_sent_elsewhere_by_what_answers_at_the_socket(int status)
    {
        await using var target = await TargetAsync();
        await _relay.RunAsync("init");
        var home = _relay.Home;
        home.CreateFolders();
        using var socket = new LocalSocket(home.State);
        using var listener = socket.Bind();
        listener.Listen();
        await File.WriteAllTextAsync(
            home.EndpointFile, $$"""{"url":"{{target.Address}}","pid":1,"socket":"{{socket.Path}}"}""", CancellationToken);
        var taken = await InstanceLock.TakeAsync(home.LockFile, TimeProvider.System, CancellationToken);
        using var mine = Assert.IsType<InstanceLock.Taken.Mine>(taken).Lock;
        var answering = AnswerOnceAsync(
            listener, $"HTTP/1.1 {status} Elsewhere\r\nLocation: {target.Address}status\r\nContent-Length: 0\r\n\r\n");
        var settings = Assert.IsType<Loaded.Ok>(SettingsSource.Load(home, _relay.Environment, generate: true)).Source;
        using var daemon = new DaemonClient(settings, TimeProvider.System);

        var response = await daemon.GetAsync("/status", TimeSpan.FromSeconds(20), CancellationToken);

        Assert.Equal(status, Assert.IsType<DaemonClient.Response.Received>(response).Status);
        Assert.Equal(0, target.Requests);
        await answering;
    }

    private static async Task AnswerOnceAsync(Socket listener, string answer)
    {
        using var client = await listener.AcceptAsync(CancellationToken);
        await client.ReceiveAsync(new byte[16_384], CancellationToken);
        await client.SendAsync(System.Text.Encoding.ASCII.GetBytes(answer), CancellationToken);
    }

    private static Task<RawMessagesApi> TargetAsync() => RawMessagesApi.StartAsync(context => context.Response.WriteAsync("{}"));

    private static Task<RawMessagesApi> RedirectingAsync(int status, RawMessagesApi target) => RawMessagesApi.StartAsync(context =>
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = target.Address.ToString().TrimEnd('/') + context.Request.Path;
        return Task.CompletedTask;
    });
}

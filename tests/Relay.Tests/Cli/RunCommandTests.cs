using System.Net;
using System.Net.Sockets;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class RunCommandTests
{
    [Fact]
    public async Task A_port_that_is_taken_is_one_line_with_the_fix()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using var relay = new CliHome($"advisor: simulated\nlisten: 127.0.0.1:{port}\n");

        var ran = await relay.RunAsync("run");

        Assert.Equal((78, ""), (ran.Exit, ran.Output));
        Assert.Contains($"127.0.0.1:{port} is taken", Assert.Single(ran.Error.Trim().Split('\n')));
        Assert.Contains("listen:", ran.Error);
    }

    [Fact]
    public async Task An_address_that_is_not_this_machines_is_told_the_same_way()
    {
        await using var relay = new CliHome("advisor: simulated\nlisten: 192.0.2.1:7420\nbehind: proxy\n");

        var ran = await relay.RunAsync("run");

        Assert.Equal(78, ran.Exit);
        Assert.Contains("192.0.2.1 is no address of this machine", Assert.Single(ran.Error.Trim().Split('\n')));
    }

    [Theory]
    [InlineData("state")]
    [InlineData("queue")]
    [InlineData("dispatch/.staged")]
    public async Task A_file_where_a_folder_belongs_is_told_with_the_fix_and_found_by_doctor(string name)
    {
        await using var relay = new CliHome();
        relay.Home.CreateFolders();
        var folder = Path.Combine(relay.Home.Root, name);
        Directory.Delete(folder, recursive: true);
        await File.WriteAllTextAsync(folder, "", TestContext.Current.CancellationToken);

        var ran = await relay.RunAsync("run");
        var doctor = await relay.RunAsync("doctor");

        Assert.Equal((78, ""), (ran.Exit, ran.Output)); // It does not pass by itself.
        Assert.Equal($"relay: {folder} must be a folder: it is a file: remove it", ran.Error.Trim());
        Assert.Equal((1, ""), (doctor.Exit, doctor.Error));
        Assert.Matches($"FAULT +folders +{folder} must be a folder: it is a file\n +fix: remove it", doctor.Output);
    }

    [Fact]
    public async Task Without_a_key_it_is_not_well_from_the_start_and_with_one_it_is()
    {
        await using var relay = new CliHome("listen: 127.0.0.1:0\n");
        var daemon = await relay.StartAsync();
        using var http = new HttpClient();

        using var health = await http.GetAsync(new Uri(daemon.Url + "/healthz"), TestContext.Current.CancellationToken);
        var status = (await relay.RunAsync("status", "--json")).Json;
        await File.AppendAllTextAsync(relay.Home.EnvFile, "ANTHROPIC_API_KEY=sk\n", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Contains("\"parts\"", await health.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("error", status.GetProperty("state").GetString());
        Assert.Contains("ANTHROPIC_API_KEY is not set", status.GetProperty("state_reason").GetString());
        await Until.TrueAsync(
            async () => (await relay.RunAsync("status", "--json")).Json.GetProperty("state").GetString() == "running", "the key");
    }

    [Fact]
    public async Task What_was_never_asked_for_want_of_a_key_is_no_call()
    {
        await using var relay = new CliHome("listen: 127.0.0.1:0\nbudget: {per_day_usd: 100}\n");
        await relay.StartAsync();
        await relay.RunAsync("send", "--session", "s1", "Hello", "--id", "k1");
        await Until.TrueAsync(
            async () => (await relay.RunAsync("explain", "k1", "--json")) is { Exit: 0 } ran
                && ran.Json.GetProperty("state").GetString() == "held",
            "the hold");

        Assert.Equal(0, (await relay.RunAsync("costs", "--json")).Json.GetArrayLength());
        var story = (await relay.RunAsync("explain", "k1", "--json")).Json;
        Assert.Equal(0, story.GetProperty("calls").GetArrayLength());
        Assert.DoesNotContain(story.GetProperty("events").EnumerateArray(), each => each.GetProperty("state").GetString() == "asking");
        Assert.DoesNotContain("Called for", await File.ReadAllTextAsync(relay.Home.LogFile, TestContext.Current.CancellationToken));
    }
}

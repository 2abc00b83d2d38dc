using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios;

/// <summary>A session's hooks run in its project, which may bring programs of its own.</summary>
public sealed class HookProgramScenario
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_waiter_gives_its_token_to_the_systems_curl_and_not_to_one_of_the_project()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "curl(1) is needed");
        var project = Directory.CreateTempSubdirectory("relay-project-");
        var (taken, bin) = (Path.Combine(project.FullName, "taken"), project.CreateSubdirectory("bin").FullName);
        foreach (var name in (string[])["curl", "sleep"])
        {
            await File.WriteAllTextAsync(Path.Combine(bin, name), $"#!/bin/sh\ncat > {taken}\nprintf '\\n204'\n", Token);
            File.SetUnixFileMode(Path.Combine(bin, name), (UnixFileMode)0b111_101_101);
        }
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var hook = Wait(listener, project.FullName, bin);

        var asked = await AnswerAsync(listener).WaitAsync(Patience, Token);
        await hook.WaitForExitAsync(Token).WaitAsync(Patience, Token);

        Assert.Contains("Authorization: Bearer of-the-session", asked, StringComparison.Ordinal);
        Assert.Equal(0, hook.ExitCode);
        Assert.False(File.Exists(taken));
        project.Delete(recursive: true);
    }

    private static Process Wait(TcpListener listener, string project, string bin)
    {
        var url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        var start = new ProcessStartInfo(RelayProcess.Program(), ["hook", "wait", "--home", project, "--url", url])
        {
            RedirectStandardInput = true,
            WorkingDirectory = project,
        };
        start.Environment["PATH"] = $"{bin}:/usr/bin:/bin";
        start.Environment["CLAUDE_PROJECT_DIR"] = project;
        start.Environment["CLAUDE_CODE_SESSION_ATTENDED"] = "1";
        start.Environment["CLAUDE_PID"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        foreach (var token in (string[])["RELAY_TOKEN", "RELAY_SESSION_TOKEN"])
            start.Environment[token] = "of-the-session";
        var hook = Process.Start(start)!;
        hook.StandardInput.Write("""{"session_id":"0c8f2b11-3f7e-4f0e-9d6a-3f9f4f9a0a9e"}""");
        hook.StandardInput.Close();
        return hook;
    }

    private static async Task<string> AnswerAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync(Token);
        var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var asked = new StringBuilder();
        while (await reader.ReadLineAsync(Token) is { Length: > 0 } line) // Whole: what is left unread would have the answer thrown away.
            asked.AppendLine(line);
        await stream.WriteAsync("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"u8.ToArray(), Token);
        return asked.ToString();
    }
}

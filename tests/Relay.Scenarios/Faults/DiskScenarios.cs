using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Faults;

/// <summary>A disk that is full, or takes no writes, while the real program works: it says so, loses nothing, does nothing twice, and goes
/// on by itself.</summary>
public sealed class DiskScenarios : FaultStage
{
    [Fact]
    public async Task A_full_disk_while_it_accepts_answers_and_places()
    {
        using var disk = SmallDisk.TryMount(Home.Paths.Root, mebibytes: 12, out var why);
        Assert.SkipWhen(disk is null, $"no small disk can be mounted: {why}");
        Home.Lay();
        await using var session = new Session(Home, "session-1");
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        session.Say("before");
        await UntilAsync(() => session.Count == 1, () => "no first reply");

        var said = new List<string> { "before" };
        for (var number = 0; number < 20; number++) // Some on their way, some accepted, some only in the folder.
            said.Add(DropLarge(session, number));
        var late = Path.Combine(Home.Paths.Queue, ".late"); // It comes once the disk is full, whatever is done with the others by then.
        await File.WriteAllTextAsync(late, "{\"session_id\": \"session-1\", \"content\": \"late\"}", CancellationToken);
        said.Add("late");
        disk!.Fill();
        File.Move(late, Path.Combine(Home.Paths.Queue, "late.json"));
        await UntilPagedAsync("the disk is full");
        await UntilStatusAsync(relay, "error: ");
        await UntilAsync(() => StateInFile() != "running", () => "status.json says running");
        Say($"status.json: {StateInFile() ?? "absent"}; {session.Count} replies when the disk was full");
        disk.Fill();
        await Eventually.WithinAsync(TimeSpan.FromSeconds(3), () => relay.HasExited, CancellationToken);

        disk.MakeRoom();
        await UntilAsync(() => session.Count >= said.Count, () => $"{session.Count} of {said.Count}\n{relay.Output}");
        await UntilStatusAsync(relay, "running");

        Assert.Equal(said.Count, session.Received.Select(reply => reply.Id).Distinct().Count());
        Assert.Equal(said.Count, session.Count);
        Assert.Equal(1, PagesOf("the disk is full"));
        await UntilAsync(() => StateInFile() == "running", () => $"status.json: {StateInFile()}");
        relay.Signal(RelayProcess.Terminate);
        Assert.Equal(0, await relay.ExitAsync(RelayProcess.StopLimit));
        Say($"{said.Count} messages, {session.Count} replies, each once; one page; back by itself");
    }

    [Fact]
    public async Task A_state_folder_that_becomes_read_only()
    {
        Home.Paths.CreateFolders();
        using var disk = SmallDisk.TryBind(Home.Paths.State, out var why);
        Assert.SkipWhen(disk is null, $"no folder can be made read-only: {why}");
        await using var session = new Session(Home, "session-1");
        await using (var relay = await RelayProcess.StartAsync(Home, CancellationToken))
        {
            session.Say("before");
            await UntilAsync(() => session.Count == 1, () => "no first reply");
            relay.Signal(RelayProcess.Terminate);
            await relay.ExitAsync(RelayProcess.StopLimit);
        }

        disk!.Write(mayWrite: false);
        session.Say("while it is read-only");
        var refusal = await RefusedAsync();
        await RefusedAsync();
        disk.Write(mayWrite: true);
        await using var next = await RelayProcess.StartAsync(Home, CancellationToken);
        await UntilAsync(() => session.Count == 2, () => next.Output);

        Assert.Contains("Read-only file system", refusal, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1, PagesOf("cannot start"));
        await UntilStatusAsync(next, "running");
    }

    [Fact]
    public async Task A_stop_while_the_state_folder_is_read_only_is_a_stop_in_order()
    {
        await using var session = new Session(Home, "session-1");
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        session.Say("before");
        await UntilAsync(() => session.Count == 1, () => "no first reply");

        // On top of the folder: the files that are open already can still be written, and no other.
        using var disk = SmallDisk.TryCoverReadOnly(Home.Paths.State, out var why);
        Assert.SkipWhen(disk is null, $"no folder can be made read-only: {why}");
        session.Say("while it is read-only");
        await UntilStatusAsync(relay, "error: ");
        relay.Signal(RelayProcess.Terminate);
        Assert.Equal(0, await relay.ExitAsync(RelayProcess.StopLimit));

        disk.Dispose();
        await using var next = await RelayProcess.StartAsync(Home, CancellationToken);
        await UntilAsync(() => session.Count == 2, () => next.Output);
        Assert.Equal(2, session.Received.Select(reply => reply.Id).Distinct().Count());
    }

    [Fact]
    public async Task A_start_on_a_full_disk_says_what_it_needs_and_may_be_tried_again()
    {
        using var disk = SmallDisk.TryMount(Home.Paths.Root, mebibytes: 12, out var why);
        Assert.SkipWhen(disk is null, $"no small disk can be mounted: {why}");
        Home.Lay();
        await using var session = new Session(Home, "session-1");
        session.Say("before");
        disk!.Fill();

        await using (var full = RelayProcess.Launch(Home))
        {
            var exit = await full.ExitAsync(Limit);

            Assert.Equal(1, exit); // Not 78: nothing has to be changed here, so a supervisor may start it again.
            var line = Assert.Single(full.Error.Trim().Split('\n'));
            Assert.Contains("the disk is full", line, StringComparison.Ordinal);
            Assert.Contains("make room; then start it again", line, StringComparison.Ordinal);
        }
        disk.MakeRoom();
        await using var next = await RelayProcess.StartAsync(Home, CancellationToken);
        await UntilAsync(() => session.Count == 1, () => next.Output);
    }

    private static string DropLarge(Session session, int number)
    {
        var text = $"{number} {new string('x', 20_000)}";
        session.Say(text);
        return text;
    }
}

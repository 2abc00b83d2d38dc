using Relay.Files;
using Xunit;

namespace Relay.Tests.Files;

public sealed class InstanceLockTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("relay-lock-").FullName;

    private string LockPath => Path.Combine(_folder, ".lock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_second_one_is_told_the_pid_of_the_first_until_it_lets_go()
    {
        Assert.Null(InstanceLock.RunningProcess(LockPath));
        var first = Assert.IsType<InstanceLock.Taken.Mine>(await TakeAsync());

        Assert.Equal(Environment.ProcessId, Assert.IsType<InstanceLock.Taken.Other>(await TakeAsync()).ProcessId);
        Assert.Equal(Environment.ProcessId, InstanceLock.RunningProcess(LockPath));

        first.Lock.Dispose();
        Assert.Null(InstanceLock.RunningProcess(LockPath));
        Assert.IsType<InstanceLock.Taken.Mine>(await TakeAsync()).Lock.Dispose();
    }

    [Fact]
    public async Task What_a_dead_holder_left_in_the_file_does_not_count()
    {
        await File.WriteAllTextAsync(LockPath, "4194304999\nmuch longer than any pid there is\n", TestContext.Current.CancellationToken);
        Assert.Null(InstanceLock.RunningProcess(LockPath));

        using var mine = Assert.IsType<InstanceLock.Taken.Mine>(await TakeAsync()).Lock;

        Assert.Equal(Environment.ProcessId, InstanceLock.RunningProcess(LockPath));
    }

    [Fact]
    public async Task The_lock_dies_with_its_holder()
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "macOS has no flock(1)");
        var flock = new System.Diagnostics.ProcessStartInfo("flock", ["-x", LockPath, "-c", "echo held; exec sleep 60"])
        {
            RedirectStandardOutput = true,
        };
        using var holder = System.Diagnostics.Process.Start(flock)!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.IsType<InstanceLock.Taken.Other>(await TakeAsync());

        holder.Kill(entireProcessTree: true);
        await holder.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.IsType<InstanceLock.Taken.Mine>(await TakeAsync()).Lock.Dispose();
    }

    private Task<InstanceLock.Taken> TakeAsync() =>
        InstanceLock.TakeAsync(LockPath, TimeProvider.System, TestContext.Current.CancellationToken);
}

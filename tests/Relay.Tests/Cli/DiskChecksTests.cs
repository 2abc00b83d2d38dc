using Relay.Cli;
using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>Doctor looks at the file system of each folder.</summary>
public sealed class DiskChecksTests
{
    private const long Much = 1L << 40;

    private static readonly string[] Dispatch = ["dispatch", "dispatch/.staged", "dispatch/s"];

    [Fact]
    public void One_disk_for_all_is_one_line()
    {
        var finding = Assert.Single(DiskChecks.Judge([new(["queue", "state", .. Dispatch], Much, "ext4", IsNetwork: false)]));

        Assert.Equal((FindingState.Ok, "1,048,576 MB free"), (finding.State, finding.Detail));
    }

    [Fact]
    public void A_full_disk_of_one_folder_is_a_fault_that_names_it()
    {
        var findings = DiskChecks.Judge([new(Dispatch, Much, "ext4", false), new(["state", "logs"], 1024, "tmpfs", false)]).ToList();

        var fault = Assert.Single(findings, finding => finding.State == FindingState.Fault);
        Assert.Equal("0 MB free for state, logs", fault.Detail);
        Assert.Contains("make room", fault.Fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("state", true)]
    [InlineData("queue", false)]
    public void A_database_on_a_network_file_system_is_a_fault(string folder, bool isFault)
    {
        var findings = DiskChecks.Judge([new(Dispatch, Much, "ext4", false), new([folder], Much, "nfs4", IsNetwork: true)]);

        Assert.Equal(isFault, findings.Any(finding => finding.State == FindingState.Fault && finding.Detail.Contains("nfs4")));
    }

    [Fact]
    public void A_session_s_folder_on_another_file_system_than_the_staged_replies_is_a_fault()
    {
        var findings = DiskChecks.Judge(
            [new(["dispatch", "dispatch/.staged"], Much, "ext4", false), new(["dispatch/s"], Much, "ext4", false)]);

        var fault = Assert.Single(findings, finding => finding.State == FindingState.Fault);
        Assert.StartsWith("dispatch/s is on another file system", fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_home_that_is_not_there_yet_is_judged_by_the_folder_it_will_be_in()
    {
        var finding = Assert.Single(DiskChecks.Run(new RelayHome(Path.Combine(Path.GetTempPath(), "nowhere", "yet"))));

        Assert.EndsWith("MB free", finding.Detail, StringComparison.Ordinal);
    }
}

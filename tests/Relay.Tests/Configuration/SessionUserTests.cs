using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

public sealed class SessionUserTests : IDisposable
{
    private readonly TempHome _temp = new();

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData("root", 0u)]
    [InlineData("0", 0u)]
    [InlineData("4242", 4242u)]
    [InlineData("\"4242\"", 4242u)]
    [InlineData("'0'", 0u)]
    [InlineData("\"root\"", 0u)]
    public void A_user_is_a_name_or_a_number(string user, uint id) =>
        Assert.Equal(id, Assert.Single(Read($"sessions: [{{session_id: a, user: {user}}}]").Config.Sessions).User);

    [Theory]
    [InlineData("no-such-user-here")]
    [InlineData("-1")]
    [InlineData("4294967295")] // To the system: nobody in particular.
    [InlineData("1.5")]
    [InlineData("\"\"")]
    [InlineData("[root]")]
    [InlineData("\"-1\"")]
    [InlineData("\"4294967295\"")]
    [InlineData("\"42 \"")]
    public void Anything_else_is_a_fault(string user) =>
        Assert.Contains("a user of this machine", Assert.Single(Read($"sessions: [{{session_id: a, user: {user}}}]").Faults).Message);

    [Theory]
    [InlineData("on", true)]
    [InlineData("off", false)]
    public void The_queue_is_on_or_off(string value, bool taken) => Assert.Equal(taken, Read($"queue: {value}").Config.TakesFiles);

    [Fact]
    public void Without_them_the_queue_is_on_and_a_session_names_nobody()
    {
        Assert.True(new RelayConfig().TakesFiles);
        Assert.Null(Assert.Single(Read("sessions: [{session_id: a}]").Config.Sessions).User);
    }

    private (RelayConfig Config, IReadOnlyList<ConfigFault> Faults) Read(string config)
    {
        _temp.Write("config.yaml", config + "\n");
        return ConfigReader.Read(_temp.Home);
    }
}

using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Time.Testing;
using Relay.Http;
using Xunit;

namespace Relay.Tests.Http;

public sealed class ConnectionGateTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly PeerCounts _counts = new();
    private readonly ConnectionGate _gate;

    public ConnectionGateTests() => _gate = new ConnectionGate(new ConnectionLimits(InAll: 6, BySource: 3, OnSocket: 2), _counts, _clock);

    [Fact]
    public async Task One_source_gets_its_share_and_who_is_over_it_is_told_so()
    {
        var open = Enumerable.Range(0, 3).Select(_ => Enter("192.0.2.1")).ToList();
        var over = Enter("192.0.2.1");

        Assert.StartsWith("HTTP/1.1 503", await over.AnswerAsync());
        Assert.Contains("Retry-After: 2", await over.AnswerAsync());
        Assert.False(Enter("192.0.2.2").Passing.IsCompleted);
        Assert.All(open, each => Assert.False(each.Passing.IsCompleted));
        Assert.Equal((1L, 4), (_counts.Refused, _gate.Count));
    }

    [Fact]
    public void The_socket_has_its_own_share_and_all_of_TCP_cannot_take_it()
    {
        foreach (var host in (int[])[1, 1, 1, 2, 2, 2])
            Enter($"192.0.2.{host}");

        Assert.True(Enter("192.0.2.3").Passing.IsCompleted);
        Assert.False(Enter(null).Passing.IsCompleted);
        Assert.False(Enter(null).Passing.IsCompleted);
        Assert.True(Enter(null).Passing.IsCompleted);
    }

    [Fact]
    public void Who_has_shown_no_token_makes_room_for_others_once_it_had_its_time()
    {
        var proven = Enter("192.0.2.1");
        proven.Guest.Prove();
        var (begun, silent) = (Enter("192.0.2.1"), Enter("192.0.2.1"));
        begun.Guest.Begin();
        Assert.True(Enter("192.0.2.1").Passing.IsCompleted);

        _clock.Advance(TimeSpan.FromMilliseconds(250));

        Assert.False(Enter("192.0.2.1").Passing.IsCompleted);
        Assert.True(silent.IsAborted);
        Assert.False(Enter("192.0.2.1").Passing.IsCompleted);
        Assert.True(begun.IsAborted);
        Assert.False(proven.IsAborted);
        Assert.Equal(2, _counts.Evicted);
    }

    [Fact]
    public void Who_makes_no_request_in_time_is_ended()
    {
        var (silent, begun) = (Enter("192.0.2.1"), Enter("192.0.2.1"));
        begun.Guest.Begin();

        _clock.Advance(ConnectionGate.HeadersLimit);

        Assert.True(silent.IsAborted);
        Assert.False(begun.IsAborted);
        Assert.Equal(1, _counts.Silent);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("::1", "::1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    public void A_source_is_an_address_or_a_network(string address, string name)
    {
        Assert.Equal(name, ConnectionGate.NameOf(IPAddress.Parse(address)));
    }

    [Fact]
    public async Task What_is_over_is_counted_no_more()
    {
        var open = Enumerable.Range(0, 3).Select(_ => Enter("192.0.2.1")).ToList();
        open.ForEach(each => each.End());
        await Task.WhenAll(open.Select(each => each.Passing));

        Assert.Equal(0, _gate.Count);
        Assert.False(Enter("192.0.2.1").Passing.IsCompleted);
    }

    private Opened Enter(string? address)
    {
        var opened = new Opened(address is null ? null : new IPEndPoint(IPAddress.Parse(address), 4_000));
        opened.Passing = PassAsync(opened);
        return opened;
    }

    private async Task PassAsync(Opened opened)
    {
        if (await _gate.AdmitAsync(opened.Connection, isPlain: true))
            await _gate.PassAsync(opened.Connection, _ => opened.Held);
    }

    /// <summary>A connection that lasts until it is aborted or the test ends it.</summary>
    private sealed class Opened
    {
        private readonly TaskCompletionSource _end = new();
        private readonly Pipe _sent = new();

        public Opened(IPEndPoint? remote)
        {
            var transport = new Duplex(new Pipe().Reader, _sent.Writer);
            Connection = new Abortable(transport) { RemoteEndPoint = remote };
        }

        public Abortable Connection { get; }

        public Task Held => _end.Task;

        public Task Passing { get; set; } = Task.CompletedTask;

        public bool IsAborted => Connection.IsAborted;

        public Guest Guest => Connection.Features.Get<Guest>()!;

        public void End() => _end.TrySetResult();

        public async Task<string> AnswerAsync()
        {
            await Passing;
            var read = await _sent.Reader.ReadAsync(TestContext.Current.CancellationToken);
            var text = Encoding.ASCII.GetString(read.Buffer);
            _sent.Reader.AdvanceTo(read.Buffer.Start);
            return text;
        }
    }

    private sealed class Abortable(IDuplexPipe transport) : DefaultConnectionContext("test", transport, transport)
    {
        public bool IsAborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => IsAborted = true;
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

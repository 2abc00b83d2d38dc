using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Configuration;

/// <summary>Beyond this machine the relay listens only where no token crosses a network in the clear.</summary>
public sealed class OpenListenTests : ConfigTests
{
    [Theory]
    [InlineData("0.0.0.0:7420")]
    [InlineData("'[::]:7420'")]
    [InlineData("192.0.2.1:0")]
    [InlineData("'[::ffff:10.0.0.1]:80'")]
    [InlineData("'[fe80::1]:80'")]
    public void Without_TLS_or_a_proxy_an_open_address_is_a_fault_that_says_what_is_allowed(string listen)
    {
        var fault = SingleFault($"model: x\nlisten: {listen}");

        Assert.StartsWith("config.yaml:2: listen: ", fault);
        Assert.Contains("open to the network", fault);
        Assert.Contains("tls: {certificate: FILE, key: FILE}", fault);
        Assert.Contains("behind: proxy", fault);
    }

    [Theory]
    [InlineData("127.0.0.1:7420")]
    [InlineData("127.9.9.9:1")]
    [InlineData("localhost:7420")]
    [InlineData("'[::1]:7420'")]
    [InlineData("'[::ffff:127.0.0.1]:7420'")]
    public void A_loopback_address_needs_neither(string listen)
    {
        Assert.Null(Valid($"listen: {listen}").Listen.Openness);
    }

    [Fact]
    public void What_is_open_is_said_in_words()
    {
        var tls = SelfMade.Certificate(Temp.Root);

        Assert.Equal("open to the network at 0.0.0.0:7420, TLS", Valid($"{tls}listen: 0.0.0.0:7420").Listen.Openness);
        Assert.Equal("open to the network at [::]:7420, behind a proxy", Valid("behind: proxy\nlisten: '[::]:7420'").Listen.Openness);
    }

    [Theory]
    [InlineData("tls: {certificate: cert.pem, key: absent.pem}", "config.yaml:1: tls.certificate: ")]
    [InlineData("tls: {certificate: key.pem, key: key.pem}", "config.yaml:1: tls.certificate: ")]
    [InlineData("tls: {certificate: cert.pem, key: cert.pem}", "config.yaml:1: tls.certificate: ")]
    [InlineData("tls: {certificate: ., key: key.pem}", "config.yaml:1: tls.certificate: ")]
    [InlineData("tls: {certificate: cert.pem}", "config.yaml:1: tls.key: is missing")]
    [InlineData("tls: true", "config.yaml:1: tls: ")]
    [InlineData("tls: {certificate: cert.pem, key: key.pem, port: 1}", "config.yaml:1: tls.port: unknown key")]
    [InlineData("behind: nginx", "config.yaml:1: behind: ")]
    [InlineData("behind: true", "config.yaml:1: behind: ")]
    public void What_cannot_be_used_is_one_fault_with_what_is_allowed(string text, string start)
    {
        SelfMade.Certificate(Temp.Root);

        var fault = SingleFault(text);

        Assert.StartsWith(start, fault);
        Assert.Contains("; allowed: ", fault);
    }
}

using System.Security.Cryptography;
using System.Text;

namespace Relay.Configuration;

/// <summary>Another way to the operator, taken when the first one fails or brings no answer.</summary>
internal abstract record SecondWay
{
    private SecondWay() { }

    /// <summary>Another topic, or another server. Its token is NTFY_SECOND_TOKEN.</summary>
    public sealed record Ntfy(Uri Server, string Topic) : SecondWay
    {
        public override string Name => Named("ntfy", Server.Host, $"{Server} {Topic}");
    }

    /// <summary>Gets the page as JSON. Its bearer is RELAY_WEBHOOK_TOKEN.</summary>
    public sealed record Webhook(Uri Address) : SecondWay
    {
        public override string Name => Named("webhook", Address.Host, Address.AbsoluteUri);
    }

    /// <summary>By SMTP. The user is that of the server's address, the password RELAY_SMTP_PASSWORD.</summary>
    public sealed record Mail(string To, string From, Uri Server) : SecondWay
    {
        public override string Name => Named("mail", Server.Host, $"{Server} {To}");
    }

    /// <summary>Tells it from the others, for the record and for people. It holds no secret.</summary>
    public abstract string Name { get; }

    private static string Named(string kind, string host, string all) =>
        $"{kind} {host} {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)))[..6]}";
}

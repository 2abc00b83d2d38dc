namespace Relay.Configuration;

/// <summary>Reads where the relay listens, and what keeps the tokens from the network: listen, tls and behind belong together.</summary>
internal static class ListenReader
{
    private const string AllowedOpen =
        "a loopback address, such as 127.0.0.1:7420; or tls: {certificate: FILE, key: FILE} beside it; "
        + "or behind: proxy, where a proxy that speaks TLS stands before it";

    private const string AllowedTls = "a certificate and its key without a password, both PEM, their paths relative to the home folder";

    public static ListenAddress Read(Section root, ListenAddress standard, RelayHome home)
    {
        var listen = root.Read("listen", standard, Rules.Listen) with
        {
            Tls = ReadTls(root.Child("tls"), home),
            IsBehindProxy = root.Read("behind", false, Rules.Behind),
        };
        if (!listen.IsLocal && !listen.IsBehindProxy && root.LineOf("tls") is null && root.LineOf("listen") is { } line)
            root.Fault(line, "listen", $"{listen} is open to the network, where tokens would go unencrypted; allowed: {AllowedOpen}");
        return listen;
    }

    private static TlsConfig? ReadTls(Section section, RelayHome home)
    {
        var certificate = section.Read("certificate", "", Rules.Line(longest: 1_000));
        var key = section.Read("key", "", Rules.Line(longest: 1_000));
        section.ReportUnknownKeys();
        section.Require("certificate", AllowedTls);
        section.Require("key", AllowedTls);
        if (certificate.Length == 0 || key.Length == 0)
            return null;
        var tls = new TlsConfig(Path.GetFullPath(certificate, home.Root), Path.GetFullPath(key, home.Root));
        if (tls.WhyNot() is { } fault)
            section.Fault(section.LineOf("certificate")!.Value, "certificate", $"{fault}; allowed: {AllowedTls}");
        return tls;
    }
}

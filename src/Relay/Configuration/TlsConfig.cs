using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Relay.Files;

namespace Relay.Configuration;

/// <summary>The files of a certificate, in PEM.</summary>
/// <param name="Certificate">The certificate, and after it those that have signed it.</param>
/// <param name="Key">Its private key, without a password.</param>
internal sealed record TlsConfig(string Certificate, string Key)
{
    private const int LargestBytes = 1 << 20;

    /// <exception cref="InvalidDataException">They cannot be used.</exception>
    public TlsCertificate Load() => Read(out var fault) ?? throw new InvalidDataException($"tls: {fault}");

    /// <summary>Null when they can be used.</summary>
    public string? WhyNot()
    {
        _ = Read(out var fault);
        return fault;
    }

    private TlsCertificate? Read(out string? fault)
    {
        fault = null;
        try
        {
            var (certificate, key) = (Text(Certificate), Text(Key));
            var own = X509Certificate2.CreateFromPem(certificate, key);
            var all = new X509Certificate2Collection();
            all.ImportFromPem(certificate);
            return new TlsCertificate(own, [.. all.Skip(1)]);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or InvalidDataException)
        {
            fault = exception.Message;
            return null;
        }
    }

    private static string Text(string path) => BoundedFile.Read(path, LargestBytes) switch
    {
        FileContent.Bytes bytes => System.Text.Encoding.ASCII.GetString(bytes.Content),
        FileContent.Unreadable unreadable => throw new InvalidDataException($"{path}: {unreadable.Reason}"),
        _ => throw new InvalidDataException($"{path}: there is no such file"),
    };
}

/// <summary>A certificate that can be used.</summary>
internal sealed record TlsCertificate(X509Certificate2 Own, X509Certificate2Collection Chain);

using Relay.Files;
using Relay.Files.Platform;
using Relay.Intake;

namespace Relay.Cli;

/// <summary>An envelope that the relay has not read yet.</summary>
internal static class QueuedEnvelope
{
    /// <summary>Null where the file is gone, is none, or is another user's whom this one may not read: the relay says so of it.</summary>
    public static Envelope? Read(string path, FileFacts facts, int limit)
    {
        try
        {
            return UntrustedFile.Read(path, facts, limit) is { } bytes && Envelope.Parse(bytes) is Envelope.Read.Valid valid
                ? valid.Envelope
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

using System.Data.Common;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Intake;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>An id that a session gives its message is used once. The relay refuses another text under it; the sender is told at once where
/// the database can be read.</summary>
internal static class UsedId
{
    /// <summary>What the message that was sent under it before is called; null where none is known.</summary>
    /// <exception cref="CommandFailure">The id was used for another text.</exception>
    public static async Task<string?> CheckAsync(
        SettingsSource settings, SessionId session, string id, string content, CancellationToken cancellationToken)
    {
        var queued = Queued(settings.Current, session, id); // Before the database: what the relay takes meanwhile is there.
        var isStored = settings.Current.Config.Store != StoreKind.Sqlite || File.Exists(settings.Current.Home.DatabaseFile);
        var stored = isStored ? await FindAsync(settings, session, id, cancellationToken) : null;
        if ((stored?.Content ?? queued?.Content) is { } text && WellFormed.Of(text) != WellFormed.Of(content))
            throw new CommandFailure(
                ExitCode.Failed,
                $"the id {id} was used by {session} before for another text, {Before(stored, queued)}; another text needs another id");
        return stored?.Id.Value ?? queued?.MessageId ?? queued?.Id;
    }

    private static string Before(Message? stored, Envelope? queued) => stored is not null
        ? $"message {stored.Id}"
        : $"which waits in queue/ as {queued!.MessageId ?? queued.Id}";

    /// <summary>The first envelope with this id that the relay will read.</summary>
    private static Envelope? Queued(Settings settings, SessionId session, string id)
    {
        foreach (var (path, facts) in QueueFolder.Waiting(settings.Home.Queue))
            if (QueuedEnvelope.Read(path, facts, settings.Config.MaxEnvelopeBytes) is { } envelope
                && envelope.Session == session && envelope.Id == id)
                return envelope;
        return null;
    }

    private static async Task<Message?> FindAsync(
        SettingsSource settings, SessionId session, string id, CancellationToken cancellationToken)
    {
        try
        {
            await using var home = await HomeReader.OpenAsync(settings, cancellationToken);
            return await home.ReadAsync(
                reading => MessageStore.FindByKeyAsync(reading, session, "id:" + id, cancellationToken), cancellationToken);
        }
        catch (Exception exception) when (exception is DbException or CommandFailure or IOException)
        {
            return null; // The relay itself finds it when it reads the envelope.
        }
    }
}

using System.Data.Common;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Cli;

/// <summary>An id that a session gives its message is used once. The relay refuses another text under it; the sender is told at once where
/// the database can be read.</summary>
internal static class UsedId
{
    /// <summary>The message that was sent under it before; null where none is known.</summary>
    /// <exception cref="CommandFailure">The id was used for another text.</exception>
    public static async Task<MessageId?> CheckAsync(
        SettingsSource settings, SessionId session, string id, string content, CancellationToken cancellationToken)
    {
        if (settings.Current.Config.Store == StoreKind.Sqlite && !File.Exists(settings.Current.Home.DatabaseFile))
            return null;
        var known = await FindAsync(settings, session, id, cancellationToken);
        if (known is not null && known.Content != Sql.Stored(content))
            throw new CommandFailure(
                ExitCode.Failed,
                $"the id {id} was used by {session} before for another text, message {known.Id}; another text needs another id");
        return known?.Id;
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

using System.Data.Common;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Files;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Cli;

/// <summary>What a running daemon has met, which doctor's own checks must not contradict: it makes other requests than they do.</summary>
/// <param name="Held">The messages that are held and not by a refusal, the longest first.</param>
/// <param name="Unsent">The pages that the ntfy server has not taken.</param>
/// <param name="PagesAreTaken">Whether the server took all pages, of which there is one at least since the daemon started.</param>
internal sealed record DaemonState(IReadOnlyList<Message> Held, Unsent Unsent, bool PagesAreTaken)
{
    private static readonly DaemonState Nothing = new([], new Unsent(0, LastError: null, OldestAt: null), PagesAreTaken: false);

    /// <summary>Held because no call can be made as things are; null when none is.</summary>
    public Message? HeldByTheApi =>
        Held.FirstOrDefault(message => message.Cause is HoldCause.Credentials or HoldCause.Model or HoldCause.Gateway);

    /// <summary>Nothing without a daemon, or where its database cannot be read: its own check says that.</summary>
    public static async Task<DaemonState> ReadAsync(SettingsSource settings, CancellationToken cancellationToken)
    {
        if (InstanceLock.RunningProcess(settings.Current.Home.LockFile) is null)
            return Nothing;
        try
        {
            await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
            return await reader.ReadAsync(reading => ReadAsync(reading, cancellationToken), cancellationToken);
        }
        catch (Exception exception) when (exception is DbException or CommandFailure)
        {
            return Nothing;
        }
    }

    private static async Task<DaemonState> ReadAsync(Reading reading, CancellationToken cancellationToken)
    {
        var held = await MessageStore.HeldAsync(reading, cancellationToken);
        var unsent = await PageStore.UnsentAsync(reading, cancellationToken);
        var announced = await PageStore.StandingSinceAsync(reading, PageCause.Online, cancellationToken);
        return new DaemonState(
            [.. held.Where(message => message.Cause != HoldCause.Refusal).OrderBy(message => message.ChangedAt)],
            unsent,
            PagesAreTaken: announced is not null && unsent.Count == 0);
    }
}

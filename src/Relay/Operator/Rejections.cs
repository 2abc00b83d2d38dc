using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Files;
using Relay.Files.Platform;
using Relay.Intake;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>Says of each envelope that was rejected that it was: to the session, where its name can be read, for it waits for a reply; and
/// to the operator, once until the folder of the rejected ones is empty. What was said is recorded in the same transaction, so a kill
/// between the rejecting and the saying neither loses nor repeats it. Of very many the oldest are removed, and counted.</summary>
internal sealed partial class Rejections(
    SettingsSource settings, SessionDirectory directory, Database database, ILogger<Rejections> log) : ILoop
{
    /// <summary>How much of a file is searched for the session's name.</summary>
    private const int Searched = 1_048_576;

    /// <summary>How many are told of with one commit.</summary>
    private const int AtOnce = 32;

    private const string ToldPrefix = "rejected:";

    private readonly HashSet<string> _told = [];
    private bool _mayStand = true;

    public string Name => "telling of rejected envelopes";

    public Topic? WakesOn => Topic.Rejected;

    public TimeSpan Poll => TimeSpan.FromSeconds(30);

    private string Folder => settings.Current.Home.Rejected;

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var names = RejectedFolder.Names(Folder);
        _told.IntersectWith(names);
        if (names.Count == 0 && _mayStand)
            await database.WriteAsync(writing => ForgetAsync(writing, cancellationToken), cancellationToken);
        foreach (var some in names.Where(name => !_told.Contains(name)).Order(StringComparer.Ordinal).Chunk(AtOnce))
        {
            List<Rejected> rejected = [.. some.Select(Read).OfType<Rejected>()];
            await database.WriteAsync(writing => TellAsync(writing, rejected, cancellationToken), cancellationToken);
            _told.UnionWith(some);
        }
        await RemoveOldestAsync(cancellationToken);
        return 0;
    }

    /// <summary>The folder is empty: the next one is news.</summary>
    private async Task ForgetAsync(Writing writing, CancellationToken cancellationToken)
    {
        await PageStore.ClearAsync(writing, PageCause.RejectedEnvelopes, cancellationToken);
        await FactStore.RemoveAllAsync(writing, ToldPrefix, cancellationToken);
        await FactStore.RemoveAsync(writing, FactStore.RejectedRemoved, cancellationToken);
        writing.OnceCommitted(() => _mayStand = false);
    }

    /// <summary>Where it is killed between the removing and the counting, fewer are counted.</summary>
    private async Task RemoveOldestAsync(CancellationToken cancellationToken)
    {
        var removed = RejectedFolder.RemoveOldest(Folder);
        if (removed.Count == 0)
            return;
        await database.WriteAsync(
            async writing =>
            {
                foreach (var (name, reason) in removed)
                    await FactStore.RemoveAsync(writing, KeyOf(name, reason), cancellationToken);
                var count = await RemovedAsync(writing, cancellationToken) + removed.Count;
                var text = count.ToString(CultureInfo.InvariantCulture);
                await FactStore.SetAsync(writing, FactStore.RejectedRemoved, text, cancellationToken);
                var (files, megabytes) = (RejectedFolder.MostFiles, RejectedFolder.MostBytes / 1024 / 1024);
                writing.OnceCommitted(() => LogRemoved(removed.Count, files, megabytes, count));
            },
            cancellationToken);
    }

    /// <summary>How many were removed since the folder was empty.</summary>
    public static async Task<long> RemovedAsync(Reading reading, CancellationToken cancellationToken) =>
        await FactStore.FindAsync(reading, FactStore.RejectedRemoved, cancellationToken) is { } count
            ? long.Parse(count, CultureInfo.InvariantCulture)
            : 0;

    /// <summary>Of this very rejection: the name may come again.</summary>
    private static string KeyOf(string name, FileFacts reason) => string.Create(
        CultureInfo.InvariantCulture, $"{ToldPrefix}{name}|{reason.Inode}|{reason.ModifiedNanoseconds}");

    /// <param name="Name">As it is kept.</param>
    /// <param name="Key">Of this very rejection: the name may come again.</param>
    /// <param name="Reason">One line.</param>
    /// <param name="Session">Null when it cannot be read.</param>
    private sealed record Rejected(string Name, string Key, string Reason, SessionId? Session);

    /// <summary>Null when somebody has cleared it away.</summary>
    private Rejected? Read(string name)
    {
        var reasonFile = RejectedFolder.ReasonFile(Folder, name);
        if (Posix.Lstat(reasonFile) is not { Kind: FileKind.Regular } facts
            || UntrustedFile.Read(reasonFile, facts, Searched) is not { } text)
            return null;
        var reason = Printable.OneLine(System.Text.Encoding.UTF8.GetString(text).Trim().TrimEnd('.'));
        return new Rejected(name, KeyOf(name, facts), reason, SpeakerIn(Path.Combine(Folder, name + ".json")));
    }

    /// <summary>Null too where the file is of somebody who may not speak for the session: it must not get mail by him.</summary>
    private SessionId? SpeakerIn(string path)
    {
        using var handle = Posix.OpenRegular(path);
        if (handle is null)
            return null;
        var facts = Posix.Facts(handle);
        var bytes = new byte[Math.Min(facts.Size, Searched)];
        var session = Envelope.SessionIn(bytes.AsSpan(0, RandomAccess.Read(handle, bytes, fileOffset: 0)));
        return session is { } named && new Speakers(settings).Refusal(named, facts.Owner) is null ? named : null;
    }

    private async Task TellAsync(Writing writing, List<Rejected> some, CancellationToken cancellationToken)
    {
        foreach (var rejected in some)
            await TellAsync(writing, rejected, cancellationToken);
    }

    private async Task TellAsync(Writing writing, Rejected rejected, CancellationToken cancellationToken)
    {
        if (!await FactStore.AddAsync(writing, rejected.Key, "told", cancellationToken))
            return;
        // What the configuration keeps out is not answered either.
        if (rejected.Session is { } session && directory.ConversationOf(session) is { } conversation)
        {
            var line = $"[relay] Your envelope was rejected and will get no reply: {rejected.Reason}. "
                + $"It is kept as queue/.rejected/{rejected.Name}.json; send it anew when it is mended.";
            if (await Outbox.NotifyAsync(writing, session, conversation, line, cancellationToken))
                writing.OnceCommitted(() => LogTold(rejected.Name, session));
        }
        await PageStore.QueueAsync(writing, PageOf(rejected), cancellationToken);
        writing.OnceCommitted(() => _mayStand = true);
    }

    private static NewPage PageOf(Rejected rejected)
    {
        var whose = rejected.Session is { } session ? $"An envelope of {session}" : "An envelope";
        var text = $"{whose} was rejected: {rejected.Reason}\n\nIt is kept as queue/.rejected/{rejected.Name}.json. "
            + "relay status counts them; there is no further page until that folder is empty.";
        return new NewPage(PageCause.RejectedEnvelopes, "Relay: an envelope was rejected", text, Priority: 4, "warning");
    }

    [LoggerMessage(
        LogLevel.Warning,
        "Removed the {Removed} oldest rejected envelopes: {Files} files and {Megabytes} MiB are kept at most; {Count} were removed so far")]
    private partial void LogRemoved(int removed, int files, long megabytes, long count);

    [LoggerMessage(LogLevel.Information, "{Session} is told that its envelope, kept as {Name}, was rejected")]
    private partial void LogTold(string name, SessionId session);
}

using System.Runtime.ExceptionServices;
using Relay.Conversations;
using Relay.Running;
using Relay.Storage;

namespace Relay.Dispatch;

/// <summary>Places each reply in its session's folder exactly once, one at a time, in order. One pass over the sessions:
/// (1) what was taken is consumed and the session's next reply comes up, (2) what is not staged yet is staged, and recorded so, (3) each
/// staged file is renamed to input.txt where the folder is free, (4) what was placed, and what was consumed before it, is
/// recorded.</summary>
internal sealed partial class Dispatcher(
    Database database, FolderChannel folder, CallerChannel callers, Faults faults, ILogger<Dispatcher> log) : ILoop
{
    /// <summary>Between two notes of where a reply last went: each is a page of the database.</summary>
    private static readonly TimeSpan BetweenNotes = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan WhileBlocked = TimeSpan.FromSeconds(2);

    /// <summary>The folders in which something lies that is no reply, by the name of their fault.</summary>
    private HashSet<string> _blocked = [];

    private bool _hasPlaced;
    private bool _swept;
    private DateTimeOffset _notedAt;
    private OutboundReply? _unnoted;

    public string Name => "placing replies";

    public Topic? WakesOn => Topic.Dispatch;

    /// <summary>That a folder is free again is found by time alone.</summary>
    public TimeSpan Poll => _unnoted is not null ? BetweenNotes
        : _blocked.Count > 0 && callers.Poll > WhileBlocked ? WhileBlocked
        : callers.Poll;

    /// <summary>What was placed is mostly taken at once: its receipt is recorded together with what is placed next.</summary>
    public TimeSpan Rest => _hasPlaced ? TimeSpan.FromMilliseconds(4) : TimeSpan.Zero;

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        folder.Renew();
        var isFirst = !_swept;
        if (isFirst)
            await SweepAsync(cancellationToken);
        await callers.ReleaseAbandonedAsync(cancellationToken);
        var pass = new Pass();
        foreach (var head in await database.ReadAsync(reading => Outbox.FolderHeadsAsync(reading, cancellationToken), cancellationToken))
            await TryAsync(pass, head.Session, () => LookAtAsync(pass, head, isFirst, cancellationToken)); // (1)
        _swept = true; // Now that the first pass has looked at all of them.
        await StageAsync(pass, cancellationToken); // (2)
        foreach (var (reply, from) in await WithSpeakersAsync(pass.ToPlace, cancellationToken))
            await TryAsync(pass, reply.Session, () => Place(pass, reply, from)); // (3)
        if (pass.Placed.Count > 0)
            await folder.SyncAsync();
        await RecordAsync(pass); // (4)
        _hasPlaced = pass.Placed.Count > 0;
        SayWhatBlocks(pass);
        pass.Faults.FirstOrDefault()?.Throw();
        return pass.Consumed.Count + pass.Placed.Count;
    }

    /// <summary>What one pass found and did.</summary>
    private sealed class Pass
    {
        public List<OutboundReply> Consumed { get; } = [];

        public List<OutboundReply> ToPlace { get; } = [];

        public List<OutboundReply> Placed { get; } = [];

        public List<ExceptionDispatchInfo> Faults { get; } = [];

        public HashSet<string> Blocked { get; } = [];
    }

    /// <summary>Once: files whose commit never came, and replies that another home had in its folders when this one took over.</summary>
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        await MoveInAsync(folder.Id(), cancellationToken);
        var staged = await database.ReadAsync(reading => Outbox.StagedNamesAsync(reading, cancellationToken), cancellationToken);
        folder.Sweep(staged.ToHashSet());
    }

    private async Task MoveInAsync(string home, CancellationToken cancellationToken)
    {
        var before = await database.ReadAsync(
            reading => FactStore.FindAsync(reading, FactStore.FoldersOf, cancellationToken), cancellationToken);
        if (before == home)
            return;
        await database.WriteAsync(
            async writing =>
            {
                var count = before is null ? 0 : await Outbox.TakeBackAsync(writing, cancellationToken);
                await FactStore.SetAsync(writing, FactStore.FoldersOf, home, cancellationToken);
                if (count > 0)
                    writing.OnceCommitted(() => LogMovedIn(count));
            },
            cancellationToken);
    }

    /// <summary>A session whose folder is broken does not hold up the others.</summary>
    private async Task TryAsync(Pass pass, SessionId session, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (folder.Obstacle(session) is { } obstacle)
                Block(pass, session, obstacle);
            else if (exception is UnauthorizedAccessException)
                Block(pass, session, "the relay has no right to write there: give it that");
            else
                pass.Faults.Add(ExceptionDispatchInfo.Capture(exception)); // A full disk is no session's own.
        }
    }

    private async Task LookAtAsync(Pass pass, OutboundReply head, bool isFirst, CancellationToken cancellationToken)
    {
        var wasUndone = isFirst && folder.IsStaged(head); // The power went before the rename was on disk.
        if (head.State != DispatchState.Placed || wasUndone)
            pass.ToPlace.Add(head);
        else if (folder.FolderObstacle(head.Session) is { } obstacle)
            Block(pass, head.Session, obstacle); // Whether it was taken cannot be seen.
        else if (folder.IsPending(head.Session))
        {
            if (isFirst)
                folder.DescribePlaced(head, (await WithSpeakersAsync([head], cancellationToken))[0].From);
        }
        else
        {
            folder.RemoveFacts(head.Session);
            pass.Consumed.Add(head);
            if (await database.ReadAsync(
                reading => Outbox.NextForFolderAsync(reading, head, cancellationToken), cancellationToken) is { } next)
                pass.ToPlace.Add(next);
        }
    }

    private async Task StageAsync(Pass pass, CancellationToken cancellationToken)
    {
        var unstaged = pass.ToPlace.FindAll(reply => reply.State == DispatchState.Ready);
        if (unstaged.Count == 0)
            return;
        foreach (var reply in unstaged)
        {
            CrashPoint.Pass("place-0-ready");
            folder.Stage(reply.Id, reply.Content);
            CrashPoint.Pass("place-1-staged-file");
        }
        await folder.SyncAsync();
        await database.WriteAsync(
            async writing =>
            {
                foreach (var reply in unstaged)
                    await Outbox.StagedAsync(writing, reply, cancellationToken);
            },
            cancellationToken);
        CrashPoint.Pass("place-2-staged");
    }

    /// <summary>Each with the one whose words it carries.</summary>
    private async Task<List<(OutboundReply Reply, string From)>> WithSpeakersAsync(
        List<OutboundReply> replies, CancellationToken cancellationToken)
    {
        if (replies.Count == 0)
            return [];
        return await database.ReadAsync(
            async reading =>
            {
                var spoken = new List<(OutboundReply, string)>();
                foreach (var reply in replies)
                {
                    var speaker = await Journal.SpeakerAsync(reading, reply.Conversation, reply.Position, cancellationToken);
                    spoken.Add((reply, speaker ?? "relay"));
                }
                return spoken;
            },
            cancellationToken);
    }

    /// <summary>Where something of the session's own lies, it waits: that going away wakes this loop.</summary>
    private Task Place(Pass pass, OutboundReply reply, string from)
    {
        if (folder.Place(reply, from))
        {
            CrashPoint.Pass("place-3-renamed");
            pass.Placed.Add(reply);
        }
        else if (folder.Obstacle(reply.Session) is { } obstacle)
            Block(pass, reply.Session, obstacle);
        return Task.CompletedTask;
    }

    private void Block(Pass pass, SessionId session, string obstacle)
    {
        var source = $"dispatch/{session}";
        pass.Blocked.Add(source);
        if (faults.Set(source, $"a reply cannot be placed: {obstacle}"))
            LogBlocked(session, obstacle);
    }

    private void SayWhatBlocks(Pass pass)
    {
        foreach (var freed in _blocked.Except(pass.Blocked))
            faults.Clear(freed);
        _blocked = pass.Blocked;
    }

    /// <summary>It has happened: that is recorded even when we are stopping.</summary>
    private async Task RecordAsync(Pass pass)
    {
        _unnoted = pass.Placed.LastOrDefault() ?? _unnoted;
        var isDue = _unnoted is not null && (database.Clock.GetUtcNow() - _notedAt).Duration() >= BetweenNotes;
        if (pass.Consumed.Count + pass.Placed.Count == 0 && !isDue)
            return;
        await database.WriteAsync(
            async writing =>
            {
                if (isDue)
                    await NoteLastAsync(writing);
                foreach (var reply in pass.Consumed)
                    if (await Outbox.ConsumedAsync(writing, reply, CancellationToken.None))
                        writing.OnceCommitted(() => LogConsumed(WhatOf(reply), reply.Session));
                foreach (var reply in pass.Placed)
                    await PlacedAsync(writing, reply);
            },
            CancellationToken.None);
        foreach (var _ in pass.Placed)
            CrashPoint.Pass("place-4-placed");
        foreach (var _ in pass.Consumed)
            CrashPoint.Pass("place-5-consumed");
    }

    private async Task NoteLastAsync(Writing writing)
    {
        await Outbox.NoteLastAsync(writing, _unnoted!.Session, writing.Now, CancellationToken.None);
        writing.OnceCommitted(() => (_notedAt, _unnoted) = (writing.Now, null));
    }

    private async Task PlacedAsync(Writing writing, OutboundReply reply)
    {
        await Outbox.PlacedAsync(writing, reply, CancellationToken.None);
        var milliseconds = (long)(writing.Now - reply.CreatedAt).TotalMilliseconds;
        writing.OnceCommitted(() => LogPlaced(WhatOf(reply), reply.Session, reply.Content.Length, milliseconds));
    }

    [LoggerMessage(LogLevel.Warning,
        "Replies that lay in the folders of another home and are placed here: {Count}; a session may have taken one there already")]
    private partial void LogMovedIn(int count);

    [LoggerMessage(LogLevel.Error, "A reply for {Session} cannot be placed: {Obstacle}")]
    private partial void LogBlocked(SessionId session, string obstacle);

    private static string WhatOf(OutboundReply reply) =>
        reply.Message is { } message ? $"the reply to {message}" : "words nobody asked for";

    [LoggerMessage(LogLevel.Information, "Placed {What} for {Session}, {Characters} characters, after {Milliseconds} ms")]
    private partial void LogPlaced(string what, SessionId session, int characters, long milliseconds);

    [LoggerMessage(LogLevel.Information, "{Session} took {What}")]
    private partial void LogConsumed(string what, SessionId session);
}

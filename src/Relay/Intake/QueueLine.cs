using Relay.Conversations;
using Relay.Files.Platform;

namespace Relay.Intake;

/// <summary>In which order the envelopes that wait are taken: the oldest first. Where very many wait, the sessions take turns, each with
/// its oldest first, so that one session's flood does not delay the others.</summary>
internal sealed class QueueLine(Func<SessionId, bool> isListed)
{
    /// <summary>Up to here all are taken within a fraction of a second, in the order of their times alone.</summary>
    public const int Few = 256;

    /// <summary>In which a session's name is looked for. Those that have it further behind share a place in the line.</summary>
    private const int Head = 4096;

    private readonly byte[] _head = new byte[Head];

    /// <summary>Who has written what waits, so that each file is looked into once.</summary>
    private Dictionary<string, (FileFacts Facts, string Writer)> _known = [];

    /// <summary>When each of those who have files here was last served, by the count of those served.</summary>
    private readonly Dictionary<string, long> _served = [];

    private List<(string Path, FileFacts Facts)> _files = [];
    private int _next;
    private long _count;

    /// <summary>The sessions of the configuration, and all others: a place each in turn, for of the others anyone can make thousands.
    /// </summary>
    private (Queue<Writer> Listed, Queue<Writer> Others) _line = ([], []);

    private sealed record Writer(string Name, Queue<int> Files);

    /// <summary>How many are left.</summary>
    public int Left { get; private set; }

    /// <param name="files">All that wait, the oldest first.</param>
    public void Set(List<(string Path, FileFacts Facts)> files)
    {
        (_files, _next, Left) = (files, 0, files.Count);
        _line = ([], []);
        if (files.Count > Few)
            LineUp();
        else
            (_known, _count) = ([], 0);
    }

    /// <summary>The next ones in the order of their times: at most so many, and, but for the first, at most so many bytes.</summary>
    public List<(string Path, FileFacts Facts)> Take(int most, long mostBytes)
    {
        var taken = new List<int>();
        var bytes = 0L;
        while (taken.Count < most && PeekNext(taken.Count) is { } next && (taken.Count == 0 || bytes + SizeOf(next) <= mostBytes))
        {
            bytes += SizeOf(next);
            taken.Add(next);
            Advance(taken.Count - 1);
        }
        Left -= taken.Count;
        return taken.Order().Select(index => _files[index]).ToList();

        long SizeOf(int index) => _files[index].Facts.Size;
    }

    private int? PeekNext(int place)
    {
        if (_files.Count <= Few)
            return _next < _files.Count ? _next : null;
        return LineAt(place) is { Count: > 0 } line ? line.Peek().Files.Peek() : null;
    }

    private void Advance(int place)
    {
        if (_files.Count <= Few)
        {
            _next++;
            return;
        }
        var line = LineAt(place);
        var writer = line.Dequeue();
        writer.Files.Dequeue();
        _served[writer.Name] = ++_count;
        if (writer.Files.Count > 0)
            line.Enqueue(writer);
    }

    private Queue<Writer> LineAt(int place) =>
        (place % 2 == 0 && _line.Listed.Count > 0) || _line.Others.Count == 0 ? _line.Listed : _line.Others;

    private void LineUp()
    {
        var known = new Dictionary<string, (FileFacts Facts, string Writer)>(_files.Count);
        var writers = new Dictionary<string, Writer>();
        for (var index = 0; index < _files.Count; index++)
        {
            var (path, facts) = _files[index];
            var name = _known.TryGetValue(path, out var seen) && seen.Facts == facts ? seen.Writer : WriterOf(path);
            known[path] = (facts, name);
            if (!writers.TryGetValue(name, out var writer))
                writers[name] = writer = new Writer(name, []);
            writer.Files.Enqueue(index);
        }
        _known = known;
        foreach (var gone in _served.Keys.Where(name => !writers.ContainsKey(name)).ToList())
            _served.Remove(gone);
        // Who came last is served first; of those who were never served, who has the oldest file.
        var inTurn = writers.Values.OrderBy(writer => _served.GetValueOrDefault(writer.Name)).ThenBy(writer => writer.Files.Peek());
        foreach (var writer in inTurn)
            (SessionId.TryParse(writer.Name) is { } session && isListed(session) ? _line.Listed : _line.Others).Enqueue(writer);
    }

    /// <summary>Empty where it cannot be told.</summary>
    private string WriterOf(string path)
    {
        try
        {
            using var handle = Posix.OpenRegular(path);
            return handle is null ? "" : Envelope.SessionIn(_head.AsSpan(0, RandomAccess.Read(handle, _head, fileOffset: 0)))?.Value ?? "";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

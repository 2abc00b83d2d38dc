using Relay.Conversations;
using Relay.Storage;
using Relay.Web.Status;

namespace Relay.Web.Watching;

/// <summary>The newest entries of all conversations. A conversation is read again only when there is more in it, for there may be hundreds
/// of them, and nearly all are silent at any time.</summary>
internal sealed class RecentEntries : IDisposable
{
    private const int Most = 30;
    private readonly Dictionary<ConversationId, (long Last, List<JournalLine> Lines)> _known = [];
    private readonly SemaphoreSlim _one = new(1, 1);

    public void Dispose() => _one.Dispose();

    public async Task<List<JournalLine>> ReadAsync(Reading reading, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            foreach (var (conversation, last) in await ConversationStore.ListAsync(reading, cancellationToken))
                if (_known.GetValueOrDefault(conversation).Last != last)
                    _known[conversation] = (last, await JournalLines.ReadAsync(
                        reading, conversation, last - Most, last, cancellationToken));
            return JournalLines.InOrder(_known.Values.SelectMany(known => known.Lines)).TakeLast(Most).ToList();
        }
        finally
        {
            _one.Release();
        }
    }
}

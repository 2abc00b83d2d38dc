using System.Collections.Concurrent;

namespace Relay.Operator.Pages;

/// <summary>The pages that may be on the phone though it is not recorded that the server took them. (1) A relay before this one may have
/// been killed between the two. (2) The server may have taken what it did not answer.</summary>
internal sealed class PerhapsSent(TimeProvider clock)
{
    private readonly DateTimeOffset _startedAt = clock.GetUtcNow();
    private readonly ConcurrentDictionary<string, bool> _unanswered = new();

    public void Unanswered(string page) => _unanswered[page] = true;

    public bool Is(FollowedPage page) => page.CreatedAt < _startedAt /* (1) */ || WasUnanswered(page); // (2)

    public bool WasUnanswered(FollowedPage page) => _unanswered.ContainsKey(page.Id);

    /// <summary>Nothing more is to become of it.</summary>
    public void Forget(FollowedPage page) => _unanswered.TryRemove(page.Id, out _);
}

using Relay.Web.Watching;

namespace Relay.Cli;

internal enum WatchItemKind
{
    Question,
    Reply,
    Answered,
}

/// <summary>A line of the list.</summary>
/// <param name="Number">Of the question; 0 for a reply.</param>
/// <param name="Message">That a reply answers.</param>
internal sealed record WatchItem(WatchItemKind Kind, long Number, string Message = "");

/// <summary>What is said below the list, aloud.</summary>
internal sealed record WatchNotice(string Text, bool IsRefusal = false);

/// <summary>What is to be sent.</summary>
/// <param name="Target">Whose draft it is.</param>
/// <param name="Path">Where it is sent.</param>
internal sealed record WatchSend(string Target, string Text, string Path, object Body);

/// <summary>What a person sees and has begun in relay watch. Drafts belong to whom they are for, so nothing that changes meanwhile takes
/// one away or sends it elsewhere.</summary>
internal sealed partial class WatchState
{
    private string? _newestReply;

    public WatchView? View { get; private set; }

    /// <summary>Why the relay does not answer, and since when; null while it does.</summary>
    public string? Down { get; private set; }

    public WatchItem? Selected { get; private set; }

    public int Scroll { get; set; }

    public bool IsHelp { get; private set; }

    /// <summary>All keys are text, also those that mean something while nothing is written.</summary>
    public bool IsTyping { get; private set; }

    public WatchNotice? Notice { get; private set; }

    public bool IsOver { get; private set; }

    /// <summary>The selected question, where it has been read by now.</summary>
    public WatchQuestion? Question => Selected is { Kind: not WatchItemKind.Reply } item && View?.Question is { } question
        && question.Id == item.Number ? question : null;

    public List<WatchItem> Items
    {
        get
        {
            if (View is not { } view)
                return [];
            List<WatchItem> items = [.. view.Questions.Select(card => new WatchItem(WatchItemKind.Question, card.Id))];
            if (Selected is { Kind: WatchItemKind.Question } kept && !items.Contains(kept))
                items.Add(kept); // It was closed meanwhile, and what was written for it stands here.
            items.AddRange(view.Replies.Select(reply => new WatchItem(WatchItemKind.Reply, 0, reply.Message)));
            items.AddRange(view.Answered.Where(receipt => !items.Exists(item => item.Number == receipt.Id))
                .Select(receipt => new WatchItem(WatchItemKind.Answered, receipt.Id)));
            return items;
        }
    }

    public void See(WatchView view)
    {
        var wasDown = Down is not null && View is not null;
        var before = Question;
        (View, Down) = (view, null);
        if (wasDown)
            Notice = new WatchNotice("the relay is back");
        if (before is { IsOpen: true } && Question is { IsOpen: false, Outcome: { } outcome } && !IsSending)
            Notice = new WatchNotice($"#{before.Id}: {outcome}", IsRefusal: !Draft.IsEmpty);
        Select(view);
        HearReplies(view);
        var waiting = _sendsOnceSeen;
        if (Question is not null)
            _sendsOnceSeen = null;
        if (Question is not null && waiting == Target)
            Enter();
    }

    public void SeeNothing(string reason)
    {
        if (Down is null && View is { } view)
            Notice = new WatchNotice($"the relay does not answer since {view.At}; what you type stays here", IsRefusal: true);
        Down = reason;
    }

    private void Move(int by)
    {
        var items = Items;
        if (items.Count == 0)
            return;
        var at = Selected is null ? -1 : items.IndexOf(Selected);
        Choose(items[Math.Clamp(at + by, 0, items.Count - 1)]);
    }

    private void Choose(WatchItem? item)
    {
        if (item == Selected)
            return;
        (Selected, Scroll, _target, IsTyping) = (item, 0, null, false);
    }

    /// <summary>Who has written nothing and chosen nothing else sees what has waited longest.</summary>
    private void Select(WatchView view)
    {
        var isGone = Selected is { Kind: WatchItemKind.Question } item && view.Questions.All(card => card.Id != item.Number);
        if (Selected is not null && (!isGone || !Draft.IsEmpty))
            return;
        if (Selected is null && !Draft.IsEmpty)
            _target = Target;
        var kept = _target;
        Choose(view.Questions.Select(card => new WatchItem(WatchItemKind.Question, card.Id)).FirstOrDefault());
        if (kept is not null && !_drafts[kept].IsEmpty)
            _target = kept;
    }

    private void HearReplies(WatchView view)
    {
        var newest = view.Replies is [var first, ..] ? first : null;
        if (_newestReply is not null && newest is not null && newest.Message != _newestReply)
        {
            Notice = new WatchNotice($"the advisor replied to you at {newest.At}");
            if (view.Questions.Count == 0 && Draft.IsEmpty)
                Choose(new WatchItem(WatchItemKind.Reply, 0, newest.Message));
        }
        _newestReply = newest?.Message ?? "";
    }
}

using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Web.Watching;

namespace Relay.Cli;

/// <summary>Whom the line that is written is for, and what is sent of it.</summary>
internal sealed partial class WatchState
{
    private const string ToQuestion = "question ", AskBack = "ask back ", ToAdvisor = "advisor ", ToSession = "session ";

    private readonly Dictionary<string, WatchDraft> _drafts = [];
    private readonly Dictionary<string, (string Text, string Id)> _ids = [];
    private readonly HashSet<string> _read = [];
    private readonly HashSet<string> _sending = [];
    private string? _target, _sendsOnceSeen;

    /// <summary>What is ready to be sent; taken by whoever sends it.</summary>
    public Queue<WatchSend> Outgoing { get; } = [];

    public string Target => _target
        ?? (Selected is { Kind: WatchItemKind.Question } item ? ToQuestion + item.Number : ToAdvisor + "default");

    public WatchDraft Draft => _drafts.TryGetValue(Target, out var draft) ? draft : _drafts[Target] = new WatchDraft();

    public bool IsSending => _sending.Contains(Target);

    /// <summary>Whom the line that is written is for.</summary>
    public string Prompt => Target switch
    {
        var to when to.StartsWith(ToQuestion, StringComparison.Ordinal) => $"answer #{to[ToQuestion.Length..]}",
        var to when to.StartsWith(AskBack, StringComparison.Ordinal) => $"ask back about #{to[AskBack.Length..]}",
        var to when to.StartsWith(ToSession, StringComparison.Ordinal) => $"to {to[ToSession.Length..]} itself",
        var to => $"to the advisor, in {to[ToAdvisor.Length..]}",
    };

    /// <summary>That the draft names by its key, or that its words are.</summary>
    public WatchOption? Option => Target.StartsWith(ToQuestion, StringComparison.Ordinal)
        ? Question?.Options.FirstOrDefault(option => option.Key.Equals(Draft.Text.Trim(), StringComparison.OrdinalIgnoreCase))
        : null;

    /// <summary>All of the selected question has been on the screen.</summary>
    public void HasRead()
    {
        if (Question is { Digest: not null } question)
            _read.Add(question.Digest);
    }

    public bool IsRead => Question is { Digest: { } digest } && _read.Contains(digest);

    public void Sent(WatchSend sent, WatchNotice notice)
    {
        _sending.Remove(sent.Target);
        Notice = notice;
        if (notice.IsRefusal)
            return;
        _ids.Remove(sent.Target);
        _drafts.Remove(sent.Target);
        if (_target == sent.Target)
            _target = null;
        IsTyping = false;
        if (Selected is { Kind: WatchItemKind.Question } item && sent.Target == ToQuestion + item.Number && View is { } view)
            Choose(view.Questions.Where(card => card.Id != item.Number).Select(card => new WatchItem(WatchItemKind.Question, card.Id))
                .FirstOrDefault());
    }

    /// <summary>To the next of those to whom something can be said now.</summary>
    private void Turn(int by)
    {
        var all = new List<string>();
        if (Selected is { Kind: WatchItemKind.Question } item)
            all.Add(ToQuestion + item.Number);
        if (Question is { CanAskBack: true } question)
            all.Add(AskBack + question.Id);
        all.AddRange((View?.To ?? []).Select(to => to.Value.StartsWith('@') ? ToSession + to.Value[1..] : ToAdvisor + to.Value));
        if (all.Count > 0)
            _target = all[(Math.Max(all.IndexOf(Target), 0) + by + all.Count) % all.Count];
    }

    private void Enter()
    {
        if (Draft.IsEmpty)
        {
            IsTyping = !IsTyping;
            return;
        }
        if (IsSending)
            return;
        if (string.IsNullOrWhiteSpace(Draft.Text))
            Notice = new WatchNotice("not sent: there are no words", IsRefusal: true);
        else if (ToSend() is { } send)
        {
            _sending.Add(send.Target);
            Outgoing.Enqueue(send);
        }
    }

    private WatchSend? ToSend()
    {
        var (target, text) = (Target, Draft.Text);
        if (target.StartsWith(ToQuestion, StringComparison.Ordinal))
            return Answer(target);
        if (target.StartsWith(AskBack, StringComparison.Ordinal))
            return new WatchSend(
                target, text, "/words", new { Text = text, Question = long.Parse(target[AskBack.Length..]), Id = IdOf(target, text) });
        if (target.StartsWith(ToSession, StringComparison.Ordinal))
            return ToAnswers($"@{target[ToSession.Length..]}: {text}");
        return OwnWords.AreForSession(text)
            ? ToAnswers(text)
            : new WatchSend(
                target, text, "/words", new { Text = text, Conversation = target[ToAdvisor.Length..], Id = IdOf(target, text) });
    }

    private WatchSend? Answer(string target)
    {
        var text = Draft.Text;
        var number = long.Parse(target[ToQuestion.Length..]);
        if (Question is not { } question || question.Id != number)
        {
            _sendsOnceSeen = target;
            Notice = new WatchNotice($"question #{number} is being read, then it is sent");
            return null;
        }
        var words = Option?.Words ?? text;
        var grants = Option?.Grants ?? (question.Digest is not null && AskedWords.MayGrant(words));
        if (!grants || question.Digest is not { } digest)
            return ToAnswers(words, number);
        if (!IsRead || PermissionDigest.Of(number, question.Text) != digest)
        {
            Notice = new WatchNotice("not sent: all of it has to be on the screen first: PgDn to its end", IsRefusal: true);
            return null;
        }
        return ToAnswers(words, number, digest);
    }

    private WatchSend ToAnswers(string words, long? question = null, string? digest = null)
    {
        var (target, text) = (Target, Draft.Text);
        return new WatchSend(
            target, text, "/answers", new { Text = words, Question = question, Digest = digest, Id = IdOf(target, text), Via = "watch" });
    }

    /// <summary>The same words sent again, after it was not heard what became of them, are taken once.</summary>
    private string IdOf(string target, string text)
    {
        if (!_ids.TryGetValue(target, out var known) || known.Text != text)
            _ids[target] = known = (text, OperatorPost.NewId());
        return known.Id;
    }
}

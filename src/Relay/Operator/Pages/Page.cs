using System.Globalization;
using Relay.Conversations;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator.Pages;

internal enum PageKind
{
    /// <summary>The relay has started.</summary>
    Online,

    /// <summary>The operator is asked. The subject is the question's number.</summary>
    Question,

    /// <summary>Messages are held by a cause that concerns all of them. The subject is the cause.</summary>
    Hold,

    /// <summary>One message is held. The subject is its id.</summary>
    Message,

    /// <summary>The advisor's reply to the operator's own message. The subject is the message's id.</summary>
    Reply,

    /// <summary>A message has waited too long; with a subject, that part of the relay has been broken too long.</summary>
    Stuck,

    /// <summary>No message waits too long any more.</summary>
    Moving,

    /// <summary>The operator's input was refused. The subject is the name and time of the file that keeps it.</summary>
    Refused,
}

/// <summary>What a page is about. There is one page for a cause until the cause is cleared.</summary>
internal readonly record struct PageCause(PageKind Kind, string Subject)
{
    public static readonly PageCause Online = new(PageKind.Online, "");
    public static readonly PageCause Stuck = new(PageKind.Stuck, "");
    public static readonly PageCause RejectedEnvelopes = new(PageKind.Refused, "queue/.rejected");
    /// <summary>What is open, once a day.</summary>
    public static readonly PageCause Digest = new(PageKind.Online, "digest");

    public static readonly PageCause Moving = new(PageKind.Moving, "");

    public static readonly PageCause MorePermissions = new(PageKind.Question, "more");

    /// <summary>Sessions of a name have made too many rounds by themselves.</summary>
    public static PageCause Rounds(string family) => new(PageKind.Hold, $"rounds:{family}");

    public static PageCause Broken(string part) => new(PageKind.Stuck, part);

    public static PageCause Question(long question) => new(PageKind.Question, question.ToString(CultureInfo.InvariantCulture));

    /// <summary>Nobody answered a question, and its default was taken.</summary>
    public static PageCause DefaultOf(long question) =>
        new(PageKind.Question, string.Create(CultureInfo.InvariantCulture, $"{question}:default"));

    /// <summary>Many questions that came at once.</summary>
    public static PageCause Burst(string id) => new(PageKind.Question, $"burst:{id}");

    public bool IsBurst => Kind == PageKind.Question && Subject.StartsWith("burst:", StringComparison.Ordinal);

    /// <summary>What becomes of it is told in its place.</summary>
    public bool IsFollowed => QuestionNumber is not null || IsBurst;

    /// <summary>The answer to what a client asked came to nothing.</summary>
    public static PageCause TooLate(long question) =>
        new(PageKind.Question, string.Create(CultureInfo.InvariantCulture, $"{question}:late"));

    /// <summary>What a conversation carries of rulings is over the cap.</summary>
    public static PageCause Rulings(ConversationId conversation) => new(PageKind.Hold, RulingsPrefix + conversation);

    /// <summary>The conversation of such a page; null of another.</summary>
    public static ConversationId? RulingsOf(string subject) =>
        subject.StartsWith(RulingsPrefix, StringComparison.Ordinal) ? new ConversationId(subject[RulingsPrefix.Length..]) : null;

    private const string RulingsPrefix = "rulings:";

    /// <summary>The number of the question that it is about; null for anything else.</summary>
    public long? QuestionNumber => Kind == PageKind.Question
        && long.TryParse(Subject, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static PageCause Hold(HoldCause cause) => new(PageKind.Hold, cause.Word());

    /// <summary>Calls of a model take more than they can.</summary>
    public static PageCause Overrun(string model) => new(PageKind.Hold, $"overrun:{model}");

    /// <summary>A conversation gets no summary.</summary>
    public static PageCause Summary(ConversationId conversation) => new(PageKind.Hold, $"summary:{conversation}");

    /// <summary>Several messages, each held by a cause of its own.</summary>
    public static readonly PageCause Messages = new(PageKind.Message, "");

    public static PageCause Message(MessageId message) => new(PageKind.Message, message.Value);

    public static PageCause Reply(MessageId message) => new(PageKind.Reply, message.Value);

    public static PageCause Refused(string file) => new(PageKind.Refused, file);

    /// <summary>What shows the whole of it at the machine.</summary>
    public string Command => Kind switch
    {
        PageKind.Hold when Subject.StartsWith(RulingsPrefix, StringComparison.Ordinal) => "relay rulings",
        PageKind.Question when Subject.Contains(':', StringComparison.Ordinal) && !IsBurst => $"relay questions {Subject.Split(':')[0]}",
        PageKind.Question => "relay questions",
        PageKind.Message when Subject.Length == 0 => "relay messages",
        PageKind.Message => $"relay explain {Subject}",
        PageKind.Reply => "relay log",
        _ => "relay status",
    };

    public override string ToString() => Subject.Length == 0 ? Kind.Word() : $"{Kind.Word()}:{Subject}";
}

internal sealed record NewPage(PageCause Cause, string Title, string Body, int Priority, string Tags);

/// <summary>What is recorded of the page that stands for a cause.</summary>
/// <param name="Body">All its text.</param>
/// <param name="IsTitleAlone">The server took only the title of it.</param>
/// <param name="IsSent">The server took it.</param>
internal sealed record StandingPage(string Body, bool IsTitleAlone, bool IsSent)
{
    /// <summary>It was told among others, and never by itself.</summary>
    public bool IsTogether { get; init; }
}

/// <summary>A button of a page: it opens an address, or publishes a text to a topic.</summary>
/// <param name="Label">What it says.</param>
/// <param name="Address">What it opens; null for one that publishes.</param>
/// <param name="Text">What it publishes.</param>
internal sealed record PageButton(string Label, Uri? Address, string Text);

/// <summary>Adds to a page what leads back from it: buttons, and the address that it opens.</summary>
internal delegate Task<QueuedPage> PageDressing(QueuedPage page, CancellationToken cancellationToken);

/// <summary>A page for the operator. It is kept until the ntfy server has taken it, or refused it for good.</summary>
internal sealed record QueuedPage(string Id, PageCause Cause, string Title, string Body, int Priority, string Tags, int Attempts)
{
    public const string Columns = "page_id, kind, subject, title, body, priority, tags, attempts, issue, cleared_at, step, "
        + "quiet_until, receipt_title, receipt, wording";

    /// <summary>The priority with which the phone shows a page, and makes no noise.</summary>
    public const int Silent = 2;

    /// <summary>Of its buttons: those of an earlier one count no more.</summary>
    public int Issue { get; init; }

    /// <summary>Its cause is gone, and it says what became of it.</summary>
    public bool IsReceipt { get; init; }

    /// <summary>How many steps of the ladder were taken.</summary>
    public int Step { get; init; }

    /// <summary>Until then the operator is not asked again.</summary>
    public DateTimeOffset? QuietUntil { get; init; }

    /// <summary>It asks a question, and may make noise.</summary>
    public bool IsAsking => Cause.QuestionNumber is not null && !IsReceipt && QuietUntil is null;

    /// <summary>Grows with every change of what it is to say.</summary>
    public int Wording { get; init; }

    public IReadOnlyList<PageButton> Buttons { get; init; } = [];

    /// <summary>What a tap on the page itself opens.</summary>
    public Uri? Click { get; init; }

    public static QueuedPage From(Row row) => new QueuedPage(
        row.Text(),
        new PageCause(row.Word<PageKind>(), row.Text()),
        row.Text(),
        row.Text(),
        row.Int(),
        row.Text(),
        row.Int()).ReadOn(row);

    private QueuedPage ReadOn(Row row)
    {
        var read = this with
        {
            Issue = row.Int(),
            IsReceipt = row.TimeOrNull() is not null,
            Step = row.Int(),
            QuietUntil = row.TimeOrNull(),
        };
        return read.As(row.TextOrNull(), row.TextOrNull()) with { Wording = row.Int() };
    }

    /// <summary>What was asked stays on record; what is sent says what became of it.</summary>
    private QueuedPage As(string? title, string? text) =>
        title is null || text is null ? this : this with { Title = title, Body = text, Priority = Silent, Tags = "white_check_mark" };
}

using System.Globalization;
using Relay.Conversations;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator.Pages;

internal enum PageKind
{
    /// <summary>The relay has started.</summary>
    Online,

    /// <summary>The operator is asked; about the question's number.</summary>
    Question,

    /// <summary>Something that is mended once for all holds work up; about the cause.</summary>
    Hold,

    /// <summary>One message is held up; about its id.</summary>
    Message,

    /// <summary>The advisor's reply to the operator's own words; about their message.</summary>
    Reply,

    Stuck,
    Moving,

    /// <summary>The operator's words were not taken.</summary>
    Refused,
}

/// <summary>What a page is about: one stands per cause until the cause clears.</summary>
internal readonly record struct PageCause(PageKind Kind, string Subject)
{
    public static readonly PageCause Online = new(PageKind.Online, "");
    public static readonly PageCause Stuck = new(PageKind.Stuck, "");
    public static readonly PageCause Moving = new(PageKind.Moving, "");

    public static PageCause Question(long question) => new(PageKind.Question, question.ToString(CultureInfo.InvariantCulture));

    public static PageCause Hold(HoldCause cause) => new(PageKind.Hold, cause.Word());

    public static PageCause Message(MessageId message) => new(PageKind.Message, message.Value);

    public static PageCause Reply(MessageId message) => new(PageKind.Reply, message.Value);

    public static PageCause Refused(string file) => new(PageKind.Refused, file);

    public override string ToString() => Subject.Length == 0 ? Kind.Word() : $"{Kind.Word()}:{Subject}";
}

internal sealed record NewPage(PageCause Cause, string Title, string Body, int Priority, string Tags);

/// <summary>A push to the operator, kept until the server took it.</summary>
internal sealed record QueuedPage(string Id, PageCause Cause, string Title, string Body, int Priority, string Tags, int Attempts)
{
    public const string Columns = "page_id, kind, subject, title, body, priority, tags, attempts";

    public static QueuedPage From(Row row) => new(
        row.Text(),
        new PageCause(row.Word<PageKind>(), row.Text()),
        row.Text(),
        row.Text(),
        row.Int(),
        row.Text(),
        row.Int());
}

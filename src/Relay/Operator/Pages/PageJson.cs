using System.Globalization;
using System.Text;

namespace Relay.Operator.Pages;

/// <summary>Where a page goes, and where its buttons do.</summary>
/// <param name="Topic">Where it is published.</param>
/// <param name="Answers">The address of the topic to which its buttons publish.</param>
/// <param name="Authorization">What they publish with; null for nothing.</param>
internal sealed record PageAddress(string Topic, string Answers, string? Authorization);

/// <summary>The JSON of a page. The server measures the request as it is sent, so nothing is escaped that need not be, and a text is cut
/// by the bytes it takes there. A page that is sent twice has the same sequence id, so on the phone it replaces itself.</summary>
internal static class PageJson
{
    /// <summary>Limits of ntfy, in bytes: a longer message would become an attachment, a longer title or request is refused.</summary>
    private const int LongestMessage = 4096, LongestTitle = 1024, LongestRequest = 8191, LongestLabel = 60, MostButtons = 3;

    public static string Whole(QueuedPage page, PageAddress to)
    {
        var head = Head(page, to, Actions(page, to));
        var room = LongestRequest - Encoding.UTF8.GetByteCount(head) - "\"}".Length;
        return $"{head}{Escaped(Cut(page.Body, LongestMessage, room, $" … {page.Cause.Command} shows all (cut)"))}\"}}";
    }

    /// <summary>For a server that refuses the text, and never longer than that. An empty message would be shown as one that says
    /// "triggered".</summary>
    public static string TitleAlone(QueuedPage page, PageAddress to)
    {
        const string cut = "…";
        return $"{Head(page, to, actions: "")}{(Sizes(page.Body).Sent > Sizes(cut).Sent ? cut : "")}\"}}";
    }

    /// <summary>All up to the message, which comes last.</summary>
    private static string Head(QueuedPage page, PageAddress to, string actions)
    {
        var tags = page.Tags.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(tag => $"\"{Escaped(tag)}\"");
        var title = Cut(page.Title, LongestTitle, room: 2 * LongestTitle, " … (cut)");
        return $"{{\"topic\":\"{Escaped(to.Topic)}\",\"title\":\"{Escaped(title)}\",\"priority\":"
            + $"{page.Priority.ToString(CultureInfo.InvariantCulture)},\"tags\":[{string.Join(',', tags)}],"
            + (page.Click is { } click ? $"\"click\":\"{Escaped(click.AbsoluteUri)}\"," : "") + actions
            + $"\"sequence_id\":\"{Escaped(page.Id)}\",\"message\":\"";
    }

    /// <summary>A button publishes by itself: the phone sends its request without the app's own token.</summary>
    private static string Actions(QueuedPage page, PageAddress to)
    {
        if (page.Buttons.Count == 0)
            return "";
        var headers = to.Authorization is { } value ? $",\"headers\":{{\"Authorization\":\"{Escaped(value)}\"}}" : "";
        return $"\"actions\":[{string.Join(',', page.Buttons.Take(MostButtons).Select(Action))}],";

        string Action(PageButton button) => button.Address is { } address
            ? $"{{\"action\":\"view\",\"label\":\"{Label(button)}\",\"url\":\"{Escaped(address.AbsoluteUri)}\"}}"
            : $"{{\"action\":\"http\",\"label\":\"{Label(button)}\",\"url\":\"{Escaped(to.Answers)}\",\"method\":\"POST\"{headers},"
                + $"\"body\":\"{Escaped(button.Text)}\",\"clear\":false}}";
    }

    private static string Label(PageButton button) => Escaped(Cut(button.Label, LongestLabel, room: 2 * LongestLabel, "…"));

    /// <summary>Cuts between characters as a person sees them, and marks the text as cut.</summary>
    /// <param name="text">What is cut.</param>
    /// <param name="bytes">How much the text may have.</param>
    /// <param name="room">How much it may take in the request.</param>
    /// <param name="mark">Stands at the end of what was cut; it is not escaped.</param>
    private static string Cut(string text, int bytes, int room, string mark)
    {
        var (whole, wholeSent) = Sizes(text);
        if (whole <= bytes && wholeSent <= room)
            return text;
        var marked = Encoding.UTF8.GetByteCount(mark);
        return Beginning(text, bytes - marked, room - marked) + mark;
    }

    /// <summary>As much as there is place for, cut between characters as a person sees them.</summary>
    public static string Beginning(string text, int bytes, int room)
    {
        var end = 0;
        while (end < text.Length)
        {
            var next = end + StringInfo.GetNextTextElementLength(text.AsSpan(end));
            var (size, sent) = Sizes(text.AsSpan(end, next - end));
            if (size > bytes || sent > room)
                break;
            (bytes, room, end) = (bytes - size, room - sent, next);
        }
        return text[..end];
    }

    /// <summary>In bytes, as it is and as it is sent.</summary>
    public static (int Size, int Sent) Sizes(ReadOnlySpan<char> text)
    {
        var (size, sent) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            size += rune.Utf8SequenceLength;
            sent += rune.Value switch
            {
                '"' or '\\' or '\n' or '\r' or '\t' => 2,
                < ' ' => 6,
                _ => rune.Utf8SequenceLength,
            };
        }
        return (size, sent);
    }

    /// <summary>Escapes only what JSON demands. The encoders of System.Text.Json escape all beyond the basic plane, 12 bytes an
    /// emoji.</summary>
    private static string Escaped(string text)
    {
        var json = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) // Half a surrogate pair becomes U+FFFD.
            _ = rune.Value switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append(@"\\"),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                < ' ' => json.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
                _ => json.Append(rune),
            };
        return json.ToString();
    }
}

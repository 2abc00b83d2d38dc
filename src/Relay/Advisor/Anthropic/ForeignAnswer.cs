using System.Net;
using System.Text.RegularExpressions;
using Relay.Texts;

namespace Relay.Advisor.Anthropic;

/// <summary>An answer that is not in the words of the Messages API: of a proxy, a firewall, a sign-in page, another service.</summary>
internal sealed partial record ForeignAnswer(string Body, CallTrace.Trace Trace)
{
    public bool IsPage => Body.AsSpan().TrimStart("\uFEFF \t\r\n").StartsWith("<");

    /// <summary>In one line: the status, whose it is, and what it says.</summary>
    public string Describe(HttpStatusCode status)
    {
        var place = $"HTTP {(int)status} from {Trace.Server}";
        if ((int)status is >= 300 and < 400)
            return $"{place}: it redirects to {Trace.Location?.ToString() ?? "nowhere"}, and a call does not follow";
        return $"{place}, not in the words of the Messages API: {What()}";
    }

    private string What()
    {
        if (string.IsNullOrWhiteSpace(Body))
            return "nothing is said";
        if (!IsPage)
            return Printable.OneLine(Excerpt.Of(Body.Trim(), 200));
        return Title().Match(Body) is { Success: true } title
            ? $"a web page, {Printable.Quoted(title.Groups[1].Value.Trim())}"
            : "a web page";
    }

    [GeneratedRegex("<title[^>]*>([^<]{1,200})", RegexOptions.IgnoreCase)]
    private static partial Regex Title();
}

/// <summary>A success that is no stream of the API's.</summary>
/// <param name="answer">What came instead.</param>
/// <param name="status">The status it came with.</param>
internal sealed class ForeignAnswerException(ForeignAnswer answer, HttpStatusCode status) : IOException(answer.Describe(status));

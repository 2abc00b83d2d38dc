using System.Globalization;
using System.Text.RegularExpressions;
using Relay.Conversations;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>What the operator's input means: a text for one session, an answer to a numbered question, or just a text.</summary>
internal abstract partial record OperatorWords
{
    private OperatorWords() { }

    /// <summary>"@session-id: text" goes directly to that session.</summary>
    public sealed record Direct(SessionId Session, string Text) : OperatorWords;

    /// <summary>"#7 text" answers question 7, if there is one.</summary>
    public sealed record Numbered(long Question, string Text) : OperatorWords;

    public sealed record Plain : OperatorWords;

    public sealed record Refused(string Reason) : OperatorWords;

    public static OperatorWords Parse(string text)
    {
        var trimmed = text.Trim();
        if (Address().Match(trimmed) is { Success: true } direct)
            return ParseDirect(direct.Groups["id"].Value, trimmed[direct.Length..].Trim());
        if (Number().Match(trimmed) is not { Success: true } numbered)
            return new Plain();
        return long.TryParse(Digits(numbered.Groups["number"].Value), NumberStyles.None, CultureInfo.InvariantCulture, out var question)
            ? new Numbered(question, trimmed[numbered.Length..].Trim())
            : new Refused($"there is no question {Printable.Short(numbered.Value.TrimEnd(':', ' '))}");
    }

    /// <summary>Those of other scripts are keys of some keyboards, too.</summary>
    private static string Digits(string number) =>
        string.Concat(number.Select(digit => CharUnicodeInfo.GetDecimalDigitValue(digit).ToString(CultureInfo.InvariantCulture)));

    private static OperatorWords ParseDirect(string id, string text)
    {
        if (SessionId.TryParse(id) is not { } session)
            return new Refused($"\"@{id}:\" names no session: an id is {SessionId.Allowed}");
        if (text.Length == 0)
            return new Refused($"\"@{id}:\" is followed by no text");
        return new Direct(session, text);
    }

    [GeneratedRegex(@"\A@(?<id>[^:\r\n]*):")]
    private static partial Regex Address();

    [GeneratedRegex(@"\A#(?<number>\d+)(?:[:\s]|\z)")]
    private static partial Regex Number();
}

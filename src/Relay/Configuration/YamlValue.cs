using System.Text.RegularExpressions;
using Relay.Texts;

namespace Relay.Configuration;

internal enum ScalarKind
{
    Null,
    Boolean,
    Number,
    Text,
}

internal sealed record YamlEntry(string Key, int Line, YamlValue Value);

/// <summary>A value of a YAML file and the line it starts on.</summary>
internal abstract partial record YamlValue(int Line)
{
    /// <summary>A quoted or block scalar is always text. A plain one has the kind that the YAML 1.2 core schema gives it.</summary>
    public sealed record Scalar(int Line, string Content, ScalarKind Kind) : YamlValue(Line)
    {
        public static Scalar Plain(int line, string content) => new(line, content, KindOf(content));
    }

    public sealed record List(int Line, IReadOnlyList<YamlValue> Items) : YamlValue(Line);

    /// <summary>The entries as written, duplicate keys included.</summary>
    public sealed record Map(int Line, IReadOnlyList<YamlEntry> Entries) : YamlValue(Line);

    /// <summary>Valid YAML that is not supported in settings.</summary>
    public sealed record Refused(int Line, string Reason) : YamlValue(Line);

    /// <summary>How a fault describes this value when another kind is expected.</summary>
    public string Problem => this switch
    {
        Scalar { Kind: ScalarKind.Null } => "is empty",
        Scalar { Kind: ScalarKind.Text } scalar => $"is the text {Printable.Quoted(scalar.Content)}",
        Scalar scalar => $"is {Printable.Short(scalar.Content)}",
        List => "is a list",
        Map => "is a mapping",
        Refused refused => refused.Reason,
        _ => "is not usable",
    };

    private static ScalarKind KindOf(string plain) => plain switch
    {
        "" or "~" or "null" or "Null" or "NULL" => ScalarKind.Null,
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => ScalarKind.Boolean,
        _ => NumberPattern().IsMatch(plain) ? ScalarKind.Number : ScalarKind.Text,
    };

    [GeneratedRegex(
        """
        \A
        ( [-+]? [0-9]+
        | 0o [0-7]+
        | 0x [0-9a-fA-F]+
        | [-+]? ( \.[0-9]+ | [0-9]+ (\.[0-9]*)? ) ( [eE] [-+]? [0-9]+ )?
        | [-+]? \. (inf|Inf|INF)
        | \. (nan|NaN|NAN)
        )
        \z
        """,
        RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex NumberPattern();
}

using System.Text.RegularExpressions;
using Relay.Texts;

namespace Relay.Operator.Rulings;

/// <summary>"[always] text", "[once] text", "[conversation] text": for what the operator's words hold, said with them.</summary>
internal static partial class ScopeWords
{
    /// <summary>The scope, and the words without it; null where none is said.</summary>
    public static (RulingScope Scope, string Text)? Of(string text)
    {
        var match = Marked().Match(text);
        return match.Success ? (Words.Parse<RulingScope>(match.Groups["scope"].Value.ToLowerInvariant()), text[match.Length..]) : null;
    }

    /// <summary>Null where it is none.</summary>
    public static RulingScope? Parse(string? word) => word?.Trim().ToLowerInvariant() switch
    {
        "once" => RulingScope.Once,
        "conversation" => RulingScope.Conversation,
        "always" => RulingScope.Always,
        _ => null,
    };

    public const string Allowed = "once, conversation or always";

    /// <summary>For people.</summary>
    public static string Describe(RulingScope scope) => scope switch
    {
        RulingScope.Once => "for this question only",
        RulingScope.Always => "for all conversations",
        _ => "for this conversation",
    };

    [GeneratedRegex(@"\A\s*\[(?<scope>once|conversation|always)\]\s*", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Marked();
}

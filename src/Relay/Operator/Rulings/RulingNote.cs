using System.Globalization;
using Relay.Conversations;
using Relay.Texts;

namespace Relay.Operator.Rulings;

/// <summary>What calls say of the operator's words, in a block before them: the words themselves stay as they are.</summary>
internal static class RulingNote
{
    public static string Of(RulingRecord ruling, OptionLine? chosen = null)
    {
        var option = chosen is null ? "" : $"The operator chose option ({chosen.Key}): {chosen.Text}\n{RelayMark.Text} ";
        return $"{RelayMark.Text} {option}{Describe(ruling)}";
    }

    private static string Describe(RulingRecord ruling) => ruling.Scope == RulingScope.Once
        ? "What the operator says next counts for this question only: it is no ruling to cite."
        : string.Create(CultureInfo.InvariantCulture, $"This is ruling {ruling.Id}, {ScopeWords.Describe(ruling.Scope)}.");

    /// <summary>Of one that was said in another conversation.</summary>
    public static string Elsewhere(RulingRecord ruling)
    {
        var asked = ruling.Asked is null ? "" : $", to the question: {HeaderLines.QuoteRest(ruling.Asked, "  ")}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{RelayMark.Text} This is ruling {ruling.Id}, for all conversations. It was said in conversation "
            + $"{ruling.Conversation}{asked}");
    }
}

using System.Text.RegularExpressions;

namespace Relay.Operator.Asked;

/// <summary>Reads the operator's words by what they answer.</summary>
internal static partial class AskedWords
{
    public static AnswerReading Of(ClientAsk asked, string words) => asked switch
    {
        ClientAsk.Choice choice => ChoiceWords.Of(choice, words),
        ClientAsk.Plan plan => PlanWords.Of(plan, words),
        ClientAsk.Permission permission => PermissionWords.Of(permission, words),
        _ => throw new InvalidOperationException(),
    };

    /// <summary>Whether they may allow something, whatever they are about.</summary>
    public static bool MayGrant(string words) => Granting().IsMatch(words.Trim());

    [GeneratedRegex(@"\A(?:allow|always|approved?|yes|y|ok)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Granting();
}

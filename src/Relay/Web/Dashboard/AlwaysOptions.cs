using System.Globalization;
using Relay.Operator.Asked;

namespace Relay.Web.Dashboard;

/// <summary>What a client offers to write so that it need not ask again: a button for each, where it offers it and where else it can be
/// written, each with what will be written.</summary>
internal static class AlwaysOptions
{
    private static readonly string[] Places = ["", "session", "project"];

    public static IReadOnlyList<OptionView> Of(ClientAsk.Permission asked)
    {
        var options = new List<OptionView>();
        foreach (var (index, suggestion) in asked.Suggestions.Index())
            foreach (var place in Places)
                if (Suggestions.To(suggestion.Update, place) is { } update
                    && (place.Length == 0 ? suggestion : Suggestions.Of(update)).Shown is var shown
                    && (place.Length == 0 || shown != suggestion.Shown))
                    options.Add(new OptionView(Words(place, index + 1), shown, Detail: null, IsLoud: false));
        if (asked.Suggestions.Count > 1)
            options.Add(new OptionView("always all", "All that it offers, as it offers it", Detail: null, IsLoud: false));
        return options;
    }

    /// <summary>What a tap allows, for who may still take it back.</summary>
    public static string? Named(ClientAsk.Permission asked, string words) =>
        Of(asked).FirstOrDefault(option => option.Words == words)?.Label;

    private static string Words(string place, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"always {(place.Length == 0 ? "" : place + " ")}{number}");
}

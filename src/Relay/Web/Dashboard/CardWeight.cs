namespace Relay.Web.Dashboard;

/// <summary>About how many bytes a card is on the page.</summary>
internal static class CardWeight
{
    private const int Bare = 1_500, Option = 200, Field = 700;

    public static int Of(CardView card) =>
        Bare + (card.Body?.Value.Length ?? 0) + (card.Exact?.Length ?? 0) + (card.Advice?.Length ?? 0) + (card.Plan?.Text.Length ?? 0)
        + card.Options.Concat(card.Always).Sum(option => Option + option.Label.Length + (option.Detail?.Length ?? 0))
        + (card.Choice?.Questions.Sum(Of) ?? 0) + (card.Led?.Turns.Sum(turn => turn.Text.Length) ?? 0);

    private static int Of(ChoiceQuestionView question) =>
        Field + question.Text.Length + question.Options.Sum(option => Option + option.Label.Length + option.Description.Length);
}

using System.Globalization;
using Relay.Configuration;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Web.Dashboard;

/// <summary>Reads rulings for their pages.</summary>
internal sealed class RulingReader(Database database, SettingsSource settings)
{
    private const int PartLength = 40, EndedLookedAt = 1_000, EndedShown = 100, UsesShown = 200, LongestOnList = 600, LongestAsked = 200;

    /// <summary>Those in force, the newest first, a part of them.</summary>
    public Task<RulingsView> StandingAsync(int part, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var moments = new Moments(reading.Now, database.Clock.LocalTimeZone);
            var standing = await RulingStore.StandingAsync(reading, cancellationToken);
            var (cap, sizes) = (settings.Current.Config.RulingsCharCap, await RulingStore.SizesAsync(reading, cancellationToken));
            var largest = RulingBudget.Largest(sizes);
            var shown = standing.AsEnumerable().Reverse().Skip(part * PartLength).Take(PartLength);
            return new RulingsView(IsOfEnded: false, [.. shown.Select(ruling => ViewOf(ruling, moments, LongestOnList))])
            {
                Count = $"{NowReader.Count(standing.Count, "ruling")} in force",
                Carried = largest is null ? null : string.Create(
                    CultureInfo.InvariantCulture,
                    $"Calls of conversation {largest.Conversation} carry {largest.Characters:N0} characters of them, with what they "
                    + $"answer; rulings_char_cap is {cap:N0}."),
                Proposal = largest?.Characters > cap
                    ? [.. RulingBudget.Proposal(standing, largest.Conversation, cap).Select(ruling => Proposed(ruling, moments))]
                    : [],
                Figures = RulingFigureText.Of(await RulingFigures.ReadAsync(reading, cancellationToken)),
                Uses = await UseReader.NewestAsync(reading, moments, reading.Now - RulingFigures.Span, cancellationToken),
                Newer = part > 0 ? string.Create(CultureInfo.InvariantCulture, $"/rulings?part={part - 1}") : null,
                Older = standing.Count > (part + 1) * PartLength
                    ? string.Create(CultureInfo.InvariantCulture, $"/rulings?part={part + 1}")
                    : null,
            };
        },
        cancellationToken);

    /// <summary>Those that count no more, and those for one question only.</summary>
    public Task<RulingsView> EndedAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var moments = new Moments(reading.Now, database.Clock.LocalTimeZone);
            var ended = (await RulingStore.NewestAsync(reading, EndedLookedAt, cancellationToken))
                .FindAll(ruling => ruling.State != RulingState.Standing || ruling.Scope == RulingScope.Once);
            return new RulingsView(IsOfEnded: true, [.. ended.Take(EndedShown).Select(ruling => ViewOf(ruling, moments, LongestOnList))])
            {
                Count = ended.Count > EndedShown
                    ? string.Create(CultureInfo.InvariantCulture, $"The newest {EndedShown} of them; relay rulings --all lists more.")
                    : "",
            };
        },
        cancellationToken);

    /// <summary>Null where there is none of that number.</summary>
    public Task<OneRulingView?> OneAsync(long number, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            if (await RulingStore.FindAsync(reading, number, cancellationToken) is not { } ruling)
                return null;
            var moments = new Moments(reading.Now, database.Clock.LocalTimeZone);
            var uses = await RulingUses.OfAsync(reading, number, UsesShown, cancellationToken);
            return new OneRulingView(
                ViewOf(ruling, moments, int.MaxValue), await UseReader.ViewsAsync(reading, uses, moments, cancellationToken));
        },
        cancellationToken);

    private RulingView ViewOf(RulingRecord ruling, Moments moments, int longest)
    {
        var isWhole = longest == int.MaxValue;
        var asked = ruling.Asked is null ? null : QuestionText.Without(ruling.Asked, settings.Current.Config.Operator.Token).Trim();
        var holdsFor = ruling.Scope == RulingScope.Conversation
            ? $"for conversation {ruling.Conversation}"
            : ScopeWords.Describe(ruling.Scope);
        return new RulingView(ruling.Id, ruling.Scope.Word(), Said(ruling, longest))
        {
            HoldsFor = holdsFor,
            At = moments.Of(ruling.At),
            Asked = asked is null ? null : isWhole ? Visible.Of(asked) : Visible.OneLine(Excerpt.Of(asked, LongestAsked)),
            Question = ruling.Question,
            Cited = ruling.LastUsedAt is { } last
                ? $"cited {NowReader.Count(ruling.Uses, "time")}, last {moments.Clock(last)}"
                : "never cited",
            Ended = ruling.EndedAt is { } at
                ? $"{ruling.State.Word()} {moments.Clock(at)}: {Visible.OneLine(ruling.EndedWhy ?? "")}"
                : null,
            SupersededBy = ruling.SupersededBy,
        };
    }

    /// <summary>The words as they were said; where they name an option, what it says.</summary>
    private static string Said(RulingRecord ruling, int longest)
    {
        var words = Visible.Of(Excerpt.Of(ruling.Content.Trim(), longest));
        var chosen = ruling.Asked is null ? null : Escalation.ChosenBy(ruling.Content, OptionLines.Of(ruling.Asked));
        return chosen is null || ruling.Content.Contains(chosen.Text, StringComparison.Ordinal)
            ? words
            : $"{words} – {OptionText.Named(chosen)}";
    }

    private static ProposedView Proposed(RulingRecord ruling, Moments moments)
    {
        var cited = ruling.LastUsedAt is { } at
            ? $"cited {NowReader.Count(ruling.Uses, "time")}, last {moments.Clock(at)}"
            : $"never cited since {moments.Clock(ruling.At)}";
        return new ProposedView(ruling.Id, string.Create(CultureInfo.InvariantCulture, $"{cited}, {ruling.Characters:N0} characters"));
    }
}

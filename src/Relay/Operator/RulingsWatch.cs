using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator.Pages;
using Relay.Operator.Rulings;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Tells the operator once when the rulings that a conversation carries are over rulings_char_cap, and which he could retire. None
/// is left out by itself: he has said that it holds.</summary>
internal sealed class RulingsWatch(Database database, SettingsSource settings) : ILoop
{
    /// <summary>Conversations that were over the cap when it last looked; null before it has.</summary>
    private HashSet<ConversationId>? _over;

    public string Name => "watching the length of the rulings";

    public Topic? WakesOn => Topic.Rulings;

    public TimeSpan Poll => TimeSpan.FromMinutes(1);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var cap = settings.Current.Config.RulingsCharCap;
        var sizes = await database.ReadAsync(reading => RulingStore.SizesAsync(reading, cancellationToken), cancellationToken);
        var over = RulingBudget.Carried(sizes).Where(size => size.Characters > cap).ToDictionary(size => size.Conversation);
        if (_over is not null && _over.SetEquals(over.Keys))
            return 0;
        await database.WriteAsync(writing => TellAsync(writing, over, cap, cancellationToken), cancellationToken);
        _over = [.. over.Keys];
        return 0;
    }

    private static async Task TellAsync(
        Writing writing, Dictionary<ConversationId, RulingSize> over, int cap, CancellationToken cancellationToken)
    {
        foreach (var subject in await PageStore.StandingSubjectsAsync(writing, PageKind.Hold, cancellationToken))
            if (PageCause.RulingsOf(subject) is { } conversation && !over.ContainsKey(conversation))
                await PageStore.ClearAsync(writing, PageCause.Rulings(conversation), cancellationToken);
        if (over.Count == 0)
            return;
        var standing = await RulingStore.StandingAsync(writing, cancellationToken);
        foreach (var size in over.Values)
            await PageStore.QueueAsync(
                writing, PageOf(size, RulingBudget.Proposal(standing, size.Conversation, cap), cap), cancellationToken);
    }

    private static NewPage PageOf(RulingSize size, IReadOnlyList<RulingRecord> proposed, int cap)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"Every call of conversation {size.Conversation} carries {size.Count:N0} of your rulings, {size.Characters:N0} characters with "
            + $"their questions; rulings_char_cap is {cap:N0}. All of them are still carried: which to retire is yours to say. A proposal, "
            + $"those never cited first:\n\n{RulingBudget.Describe(proposed)}");
        return new NewPage(
            PageCause.Rulings(size.Conversation), $"Relay: your rulings for {size.Conversation} are long", text, Priority: 3, "scroll");
    }
}

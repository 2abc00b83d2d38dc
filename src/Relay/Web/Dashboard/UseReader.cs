using Relay.Conversations;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Web.Dashboard;

/// <summary>Reads who rests on which ruling.</summary>
internal static class UseReader
{
    private const int Shown = 5, Longest = 120;

    /// <summary>Since a time, the newest first.</summary>
    public static async Task<List<UseView>> NewestAsync(
        Reading reading, Moments moments, DateTimeOffset since, CancellationToken cancellationToken) =>
        await ViewsAsync(reading, await RulingUses.SinceAsync(reading, since, Shown, cancellationToken), moments, cancellationToken);

    public static async Task<List<UseView>> ViewsAsync(
        Reading reading, IReadOnlyList<RulingUse> uses, Moments moments, CancellationToken cancellationToken)
    {
        var views = new List<UseView>();
        foreach (var use in uses)
        {
            var message = await MessageStore.FindAsync(reading, use.Conversation, use.Message, cancellationToken);
            var who = message is null || message.Session == SessionId.None ? "your own words" : message.Session.Value;
            var text = message is null ? "" : Excerpt.Of(Visible.OneLine(Excerpt.Of(message.Content.Trim(), Longest)), Longest);
            views.Add(new UseView(use.Id, use.Ruling, who, text, Hrefs.Of(use.Conversation, use.Message))
            {
                At = moments.Of(use.At),
                OverturnedBy = use.OverturnedBy,
            });
        }
        return views;
    }
}

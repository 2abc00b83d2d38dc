using Relay.Conversations;
using Relay.Costs;
using Relay.Operator;
using Relay.Texts;
using Relay.Web.Dashboard;

namespace Relay.Tests.Storage.Plans;

internal sealed partial class WorkingDay
{
    /// <summary>What the operator does to conversations, messages and the budget.</summary>
    private async Task ActAsync()
    {
        var pauses = relay.Get<Pauses>();
        await pauses.PauseAsync(new ConversationId("c1"), "the test", CancellationToken);
        await relay.AcceptAsync("s16", "What waits for its conversation");
        await LookAsync();
        await relay.Get<HeldReader>().ReadAsync(CancellationToken);
        await pauses.ResumeAsync(new ConversationId("c1"), "the test", CancellationToken);
        var today = Spending.Day(relay.Clock.GetUtcNow());
        await relay.Get<TodaysCap>().SetAsync("200", today, "the test", CancellationToken);
        await relay.Get<HeldReader>().BudgetAsync(CancellationToken);
        await relay.TakeTurnsAsync();
        await relay.RunAsync<Indexing>();
    }

    private Task<SearchAnswer> SearchAsync() => relay.ReadAsync(reading => JournalSearch.FindAsync(
        reading, relay.Database.Dialect, new WordsWanted(SearchQuery.Parse("what was")!), CancellationToken));
}

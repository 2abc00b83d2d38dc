using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Web.Api;
using Xunit;

namespace Relay.Tests.Storage.Plans;

internal sealed partial class WorkingDay
{
    private MessageId? _taken;

    /// <summary>A default is taken, a ruling cited and overturned, made one for all, told elsewhere, and retired.</summary>
    private async Task RuleAsync()
    {
        var overturning = relay.Get<Overturning>();
        relay.Advisor.Reply("[NEEDS-JC by=1m default=a] Left or right?\n- (a) left\n- (b) right", "Left.");
        _taken = await relay.AcceptAsync("s17", "Which way?");
        await relay.TakeTurnsAsync();
        relay.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await relay.RunAsync<Defaults>());
        await relay.TakeTurnsAsync();
        relay.Advisor.Reply("[NEEDS-JC] Left or right?", "Right.");
        await relay.AcceptAsync("s17", "And here?");
        await relay.TakeTurnsAsync();
        var answered = Assert.IsType<Answers.Outcome.Accepted>(await relay.AnswerAsync("[always] Right."));
        await relay.Get<Receipts>().OfAsync(answered, CancellationToken);
        var number = (await relay.ReadAsync(reading => RulingStore.NewestAsync(reading, 1, CancellationToken)))[0].Id;
        await relay.TakeTurnsAsync();
        relay.Advisor.Reply($"Right, by [ruling {number}].");
        await relay.AcceptAsync("s17", "And now?");
        await relay.TakeTurnsAsync();
        var use = (await relay.ReadAsync(reading => RulingUses.OfAsync(reading, number, 1, CancellationToken)))[0];
        Assert.IsType<Overturning.Outcome.Asked>(await overturning.OverturnAsync($"{use.Id}", CancellationToken));
        await GiveAnAnswerUpAsync(Assert.IsType<Answers.Outcome.Accepted>(await relay.AnswerAsync("Straight on.")).Question);
        await relay.AnswerAsync("Left.");
        await relay.TakeTurnsAsync();
        relay.Advisor.Reply($"Left, by [ruling {number + 2}].");
        await relay.AcceptAsync("s11", "Which way, in another conversation?");
        await relay.TakeTurnsAsync();
        await relay.RunAsync<RulingsWatch>();
        Assert.Null(await relay.Get<RulingDesk>().SetScopeAsync(number + 2, RulingScope.Once, CancellationToken));
        Assert.Null(await relay.Get<RulingDesk>().SetScopeAsync(number + 2, RulingScope.Conversation, CancellationToken));
        Assert.Null(await relay.Get<RulingDesk>().RetireAsync(number + 2, "over", CancellationToken));
        await relay.RunAsync<RulingsWatch>();
    }

    private async Task GiveAnAnswerUpAsync(long number)
    {
        var question = (await relay.ReadAsync(reading => QuestionStore.FindAsync(reading, number, CancellationToken)))!;
        var family = await relay.ReadAsync(async reading =>
        {
            var asked = await MessageStore.FindAsync(reading, question.Conversation, question.Message!.Value, CancellationToken);
            return await MessageStore.FamilyAsync(reading, asked!, CancellationToken);
        });
        Assert.True(await relay.Get<Holds>().DropAsync(family.Single(each => each.Origin == question.Message), CancellationToken));
    }

    private async Task LookAtRulingsAsync()
    {
        await relay.ReadAsync(reading => RulingUses.BetweenAsync(reading, new ConversationId("c1"), 0, 10, CancellationToken));
        await relay.ReadAsync(reading => RulingFigures.ReadAsync(reading, CancellationToken));
        var outcome = await relay.Get<Overturning>().OverturnAsync(_taken!.Value.Value, CancellationToken);
        Assert.IsType<Overturning.Outcome.Asked>(outcome);
        await relay.AnswerAsync("Right.");
        await relay.TakeTurnsAsync();
    }
}

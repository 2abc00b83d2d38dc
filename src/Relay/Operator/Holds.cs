using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator.Pages;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>What came of the operator's word for all that is held.</summary>
internal sealed record Retried(int Released, int HeldForBudget);

/// <summary>Releases held messages so that they are asked again, or gives them up.</summary>
internal sealed class Holds(Database database, SettingsSource settings)
{
    private const string SaidSo = "the operator said so";

    /// <summary>Releases all held messages and returns their number. Their pages remain, for a cause is paged again
    /// only after it was cleared.</summary>
    public Task<int> ReleaseAllAsync(string why, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            await FactStore.SetAsync(writing, FactStore.SettingsSeen, SettingsPrint.Of(settings.Current), cancellationToken);
            return await ReleaseAllAsync(writing, why, cancellationToken);
        },
        cancellationToken);

    /// <summary>At a start: what a restart can have mended. What is about one message (the request, its size, what was paid for it, a
    /// fault) is the same as before, unless the settings or the program were changed in between.</summary>
    public Task<int> ReleaseAtStartAsync(CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            var print = SettingsPrint.Of(settings.Current);
            var isChanged = print != await FactStore.FindAsync(writing, FactStore.SettingsSeen, cancellationToken);
            if (!isChanged)
                return await ReleaseAsync(writing, HoldCauses.OfAStart.Contains, "tried again at the start", cancellationToken);
            await FactStore.SetAsync(writing, FactStore.SettingsSeen, print, cancellationToken);
            return await ReleaseAllAsync(writing, "tried again: the settings or the program have changed", cancellationToken);
        },
        cancellationToken);

    /// <summary>A message that the advisor refused is not released: it waits for the operator.</summary>
    public static Task<int> ReleaseAllAsync(Writing writing, string why, CancellationToken cancellationToken) =>
        ReleaseAsync(writing, cause => cause != HoldCause.Refusal, why, cancellationToken);

    /// <summary>A call was answered, so the key works, there is credit, and the model is there. What was held for want of one of them is
    /// released by the same event that clears its page.</summary>
    public static async Task ClearAsync(Writing writing, Message answered, CancellationToken cancellationToken)
    {
        await PageStore.ClearAsync(writing, PageCause.Message(answered.Id), cancellationToken);
        if (await PageStore.ClearHoldsAsync(writing, cancellationToken) > 0)
            await ReleaseAsync(writing, HoldCauses.OfTheApi.Contains, "tried again: a call has succeeded", cancellationToken);
    }

    /// <summary>What every call carries leaves room: what was held for that, and not for its own length, is asked again.</summary>
    public static async Task ClearCarriedAsync(Writing writing, CancellationToken cancellationToken)
    {
        await PageStore.ClearAsync(writing, PageCause.Hold(HoldCause.Context), cancellationToken);
        foreach (var message in await MessageStore.HeldAsync(writing, cancellationToken))
            if (message.Cause == HoldCause.Context
                && await PageStore.StandingSinceAsync(writing, PageCause.Message(message.Id), cancellationToken) is null)
                await ResumeAsync(writing, message, "tried again: what every call carries leaves room", cancellationToken);
    }

    public static async Task<int> ReleaseAsync(
        Writing writing, Predicate<HoldCause> isReleased, string why, CancellationToken cancellationToken)
    {
        var held = (await MessageStore.HeldAsync(writing, cancellationToken)).FindAll(message => isReleased(message.Cause!.Value));
        foreach (var message in held)
            await ResumeAsync(writing, message, why, cancellationToken);
        return held.Count;
    }

    /// <summary>The operator's word: releases a held message, or ends the wait of a deferred one. As much may be bought for it as at
    /// first, and where the budget held it, one call whatever that says. False when it is neither.</summary>
    public Task<bool> RetryAsync(Message message, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            if (await FindWaitingAsync(writing, message, cancellationToken) is not { } current)
                return false;
            await AllowAsync(writing, current, withLeave: current.Cause is HoldCause.Budget or HoldCause.Price, cancellationToken);
            await AllowSummaryAsync(writing, current.Conversation, cancellationToken);
            await ResumeAsync(writing, current, SaidSo, cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>The same without the operator's word, and what it allows.</summary>
    /// <param name="message">The message.</param>
    /// <param name="why">What its record says.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<bool> RetryAsync(Message message, string why, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            if (await FindWaitingAsync(writing, message, cancellationToken) is not { } current)
                return false;
            await ResumeAsync(writing, current, why, cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>The operator's word to go on until the caps are really spent: what the budget holds is asked again.</summary>
    public Task<int> SpendAsync(CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            await Budget.GoOnAsync(writing, cancellationToken);
            return await ReleaseAsync(writing, cause => cause == HoldCause.Budget, SaidSo, cancellationToken);
        },
        cancellationToken);

    /// <summary>The operator's word for all that is held. For what the budget holds he has to say which: no call would be made for it, so
    /// it stays held.</summary>
    public Task<Retried> RetryAllAsync(CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            var forBudget = 0;
            foreach (var message in await MessageStore.HeldAsync(writing, cancellationToken))
                if (message.Cause == HoldCause.Budget)
                    forBudget++;
                else if (message.Cause is not (HoldCause.Refusal or HoldCause.Price))
                    await AllowAsync(writing, message, withLeave: false, cancellationToken);
            var summaries = 0;
            foreach (var (conversation, _) in await ConversationStore.ListAsync(writing, cancellationToken))
                summaries += await AllowSummaryAsync(writing, conversation, cancellationToken) ? 1 : 0;
            var released = await ReleaseAsync(
                writing, cause => cause is not (HoldCause.Refusal or HoldCause.Budget), SaidSo, cancellationToken);
            return new Retried(summaries + released, forBudget);
        },
        cancellationToken);

    /// <summary>Whether there was anything to allow.</summary>
    private static async Task<bool> AllowSummaryAsync(Writing writing, ConversationId conversation, CancellationToken cancellationToken)
    {
        await PageStore.ClearAsync(writing, PageCause.Summary(conversation), cancellationToken);
        return await SummaryWaste.ClearAsync(writing, conversation, cancellationToken);
    }

    private static async Task AllowAsync(Writing writing, Message message, bool withLeave, CancellationToken cancellationToken)
    {
        await MessageStore.AllowAsync(writing, message, withLeave, cancellationToken);
        await PageStore.ClearAsync(writing, PageCause.Message(message.Id), cancellationToken); // Held again, it is news.
    }

    private static async Task<Message?> FindWaitingAsync(Writing writing, Message message, CancellationToken cancellationToken)
    {
        var current = await MessageStore.FindAsync(writing, message.Conversation, message.Id, cancellationToken);
        return current is { State: MessageState.Held or MessageState.Deferred, Cause: not HoldCause.Refusal } ? current : null;
    }

    private const string ByOperator = "the operator gave it up";

    /// <summary>Gives a message up. It leaves all calls to come, and the question about it closes. False when it is answered or it, or the
    /// operator's answer about it, is being asked; and of an answer, while another question of its conversation is open.</summary>
    public Task<bool> DropAsync(Message message, CancellationToken cancellationToken) =>
        DropAsync(message, ByOperator, cancellationToken);

    /// <summary>The same without the operator's word.</summary>
    /// <param name="message">The message.</param>
    /// <param name="who">Who gives it up, as its record says.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<bool> DropAsync(Message message, string who, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            var current = await MessageStore.FindAsync(writing, message.Conversation, message.Id, cancellationToken);
            if (current is not { IsUnanswered: true, State: not MessageState.Asking })
                return false;
            if (current.Origin is not null // Its question would be open again, and a conversation waits for one.
                && await ConversationStore.FindAsync(writing, current.Conversation, cancellationToken) is { OpenQuestion: not null })
                return false;
            if (!await DropAnswersAsync(writing, current, cancellationToken))
                return false;
            await CloseQuestionAsync(writing, current, cancellationToken);
            var answered = await GiveUpAsync(writing, current, who, cancellationToken);
            if (current.Origin is not null)
                await ReopenQuestionAsync(writing, current, answered, cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>Those of the operator about it that the advisor has not taken. False when it is taking one now.</summary>
    private static async Task<bool> DropAnswersAsync(Writing writing, Message message, CancellationToken cancellationToken)
    {
        var family = await MessageStore.FamilyAsync(writing, message, cancellationToken);
        var answers = family.FindAll(each => each.Origin == message.Id && each.IsUnanswered);
        if (answers.Exists(answer => answer.State == MessageState.Asking))
            return false;
        foreach (var answer in answers)
            await GiveUpAsync(writing, answer, ByOperator, cancellationToken);
        return true;
    }

    /// <returns>The question that it answered, if it did.</returns>
    private static async Task<Question?> GiveUpAsync(Writing writing, Message message, string who, CancellationToken cancellationToken)
    {
        if (message.AskedPosition is { } position)
            await (message.Cause == HoldCause.Request
                ? Journal.LeaveOutTurnAsync(
                    writing, message.Conversation, position, "given up with what the API refused", cancellationToken)
                : Journal.LeaveOutAsync(writing, message.Conversation, position, who, cancellationToken));
        var answered = await QuestionStore.AnsweredByAsync(writing, message.Conversation, message.Id, cancellationToken);
        await RulingChanges.GiveUpAsync(writing, message, answered?.Overturns, cancellationToken);
        await PageStore.ClearAsync(writing, PageCause.Message(message.Id), cancellationToken);
        var dead = new Change(MessageState.Dead, Reason: who == ByOperator ? "given up by the operator" : who);
        await MessageStore.ChangeAsync(writing, message.Conversation, message.Id, dead, cancellationToken);
        return answered;
    }

    private static async Task CloseQuestionAsync(Writing writing, Message message, CancellationToken cancellationToken)
    {
        var questions = await QuestionStore.OfAsync(writing, message.Conversation, message.Id, cancellationToken);
        if (questions.Find(each => each.IsOpen) is not { } question)
            return;
        await PageStore.ClearAsync(writing, PageCause.Question(question.Id), cancellationToken);
        var answer = new Answer("relay drop", "the message was given up", Message: null);
        if (!await QuestionStore.CloseAsync(writing, question, answer, cancellationToken))
            throw new LostRaceException($"question #{question.Id} was answered in the same instant");
    }

    /// <summary>The operator's answer was given up: what it answered is open again, or nothing would ever answer the session.</summary>
    private async Task ReopenQuestionAsync(Writing writing, Message answer, Question? answered, CancellationToken cancellationToken)
    {
        if (answered is null)
            throw new InvalidOperationException($"message {answer.Id} is an answer to no question");
        var question = await QuestionStore.ReopenAsync(writing, answered, cancellationToken);
        await QuestionPages.PageAsync(writing, question, settings.Current.Config.Operator.Token, cancellationToken);
        await MessageStore.NoteAsync(
            writing, question.Conversation, question.Message!.Value,
            new MessageNote(MessageState.Waiting.Word(), $"question #{question.Id} is open again: its answer was given up"),
            cancellationToken);
    }

    /// <summary>The message may be asked from now on.</summary>
    public static Task ResumeAsync(Writing writing, Message message, string why, CancellationToken cancellationToken)
    {
        var change = new Change(MessageState.Accepted, Reason: why, DueAt: writing.Now);
        return MessageStore.ChangeAsync(writing, message.Conversation, message.Id, change, cancellationToken);
    }
}

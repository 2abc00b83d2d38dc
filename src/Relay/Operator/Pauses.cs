using Relay.Configuration;
using Relay.Conversations;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>Has a conversation rest by the operator's word, and go on by it. Messages and answers are taken meanwhile, and wait.</summary>
internal sealed partial class Pauses(Database database, SettingsSource settings, ILogger<Pauses> log)
{
    private const int NamesTold = 5;

    /// <summary>What came of it.</summary>
    public abstract record Outcome
    {
        private Outcome() { }

        /// <param name="Conversation">Which.</param>
        /// <param name="Changed">False when it was so already.</param>
        /// <param name="CallUnderWay">A call that had begun goes on to its end, and its reply is delivered.</param>
        /// <param name="Waiting">Messages without an answer.</param>
        public sealed record Done(ConversationId Conversation, bool Changed, bool CallUnderWay, long Waiting) : Outcome;

        public sealed record Unknown(string Reason) : Outcome;
    }

    public Task<Outcome> PauseAsync(ConversationId conversation, string via, CancellationToken cancellationToken) => ActAsync(
        conversation,
        async writing =>
        {
            var isNew = await ConversationStore.PauseAsync(writing, conversation, via, cancellationToken);
            if (isNew)
                writing.OnceCommitted(() => LogPaused(conversation, via));
            return isNew;
        },
        cancellationToken);

    public Task<Outcome> ResumeAsync(ConversationId conversation, string via, CancellationToken cancellationToken) => ActAsync(
        conversation,
        async writing =>
        {
            var isNew = await ConversationStore.ResumeAsync(writing, conversation, cancellationToken);
            if (isNew)
                writing.OnceCommitted(() => LogResumed(conversation, via));
            return isNew;
        },
        cancellationToken);

    private Task<Outcome> ActAsync(ConversationId conversation, Func<Writing, Task<bool>> act, CancellationToken cancellationToken)
    {
        database.ThrowIfDamaged();
        return database.WriteAsync<Outcome>(
            async writing =>
            {
                if (await WhyUnknownAsync(writing, conversation, cancellationToken) is { } reason)
                    return new Outcome.Unknown(reason);
                var changed = await act(writing);
                var call = await ConversationStore.RunningCallAsync(writing, conversation, cancellationToken);
                var groups = await MessageStore.UnansweredGroupsAsync(writing, cancellationToken);
                var waiting = groups.Where(group => group.Conversation == conversation).Sum(group => group.Count);
                return new Outcome.Done(conversation, changed, call is not null, waiting);
            },
            cancellationToken);
    }

    /// <summary>One that config.yaml names is known before anything was said in it.</summary>
    private async Task<string?> WhyUnknownAsync(Writing writing, ConversationId conversation, CancellationToken cancellationToken)
    {
        if (await ConversationStore.FindAsync(writing, conversation, cancellationToken) is not null)
            return null;
        if (conversation == SessionDirectory.Default
            || settings.Current.Config.Sessions.Any(session => session.Conversation == conversation.Value))
        {
            await ConversationStore.KnowAsync(writing, conversation, cancellationToken);
            return null;
        }
        var names = (await ConversationStore.ListAsync(writing, cancellationToken)).ConvertAll(each => each.Conversation.Value);
        var known = names.Count == 0 ? "there is none yet"
            : $"there {(names.Count == 1 ? "is" : "are")} {string.Join(", ", names.Take(NamesTold))}"
                + (names.Count > NamesTold ? $" and {names.Count - NamesTold} more" : "");
        return $"there is no conversation \"{Printable.Short(conversation.Value)}\"; {known}";
    }

    [LoggerMessage(LogLevel.Information, "Conversation {Conversation} is paused, by the operator ({Via})")]
    private partial void LogPaused(ConversationId conversation, string via);

    [LoggerMessage(LogLevel.Information, "Conversation {Conversation} goes on, by the operator ({Via})")]
    private partial void LogResumed(ConversationId conversation, string via);
}

using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator.Rulings;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>What the operator says to the advisor unasked, or asks back about a question, which stays open. The advisor's reply comes to
/// the operator.</summary>
internal sealed class OwnWords(Database database, SettingsSource settings)
{
    public const string OtherWords = "its id was used for other words before";

    private const int NamesTold = 3;

    /// <summary>Null when they are taken, or were before; else why not.</summary>
    /// <param name="conversation">Whose advisor hears them.</param>
    /// <param name="text">Not changed.</param>
    /// <param name="key">Said again under it, they are the same words.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<string?> SayAsync(string conversation, string text, string key, CancellationToken cancellationToken)
    {
        database.ThrowIfDamaged();
        return database.WriteAsync(
            async writing =>
            {
                var named = new ConversationId(conversation);
                if (await WhyNotAsync(writing, named, text, cancellationToken) is { } reason)
                    return reason;
                var input = InputOf(text, key);
                if (await MessageStore.FindOwnByKeyAsync(writing, key, cancellationToken) is { } said)
                    return said.Conversation == named && said.Content == input.Text ? null : OtherWords;
                await SayAsync(writing, named, input, cancellationToken);
                return null;
            },
            cancellationToken);
    }

    /// <inheritdoc cref="SayAsync(string, string, string, CancellationToken)"/>
    public Task<string?> AskBackAsync(long question, string text, string key, CancellationToken cancellationToken)
    {
        database.ThrowIfDamaged();
        return database.WriteAsync(
            async writing =>
            {
                if (await QuestionStore.FindAsync(writing, question, cancellationToken) is not { } asked)
                    return $"there is no question #{question}";
                if (!asked.IsOpen)
                    return Answers.FirstAnswer(asked);
                if (asked.IsOfClient)
                    return $"question #{question} is a session's, whom nobody can ask back: deny it with what is to be said";
                if (string.IsNullOrWhiteSpace(text))
                    return "there are no words";
                var words = AskBackText.Start(question) + text;
                if (await MessageStore.FindOwnByKeyAsync(writing, key, cancellationToken) is { } said)
                    return said.Content == words ? null : OtherWords;
                await InsertAsync(writing, asked.Conversation, words, key, cancellationToken);
                return null;
            },
            cancellationToken);
    }

    /// <summary>Words that name a session go straight to it, and not to the advisor.</summary>
    public static bool AreForSession(string text) =>
        OperatorWords.Parse(InputOf(text, "").Text) is OperatorWords.Direct or OperatorWords.Refused;

    private static OperatorInput InputOf(string text, string key)
    {
        var (scope, rest) = ScopeWords.Of(text) is var (said, words) ? (said, words) : ((RulingScope?)null, text);
        return new OperatorInput(rest, Question: null, "", key, UnaskedWelcome: true) { Scope = scope };
    }

    private async Task<string?> WhyNotAsync(
        Reading reading, ConversationId conversation, string text, CancellationToken cancellationToken)
    {
        var words = InputOf(text, "").Text;
        if (string.IsNullOrWhiteSpace(words))
            return "there are no words";
        if (await WhyNotOwnAsync(reading, OperatorWords.Parse(words), cancellationToken) is { } reason)
            return reason;
        if (Configured.Contains(conversation.Value)
            || await ConversationStore.FindAsync(reading, conversation, cancellationToken) is not null)
            return null;
        var named = Texts.Printable.Short(conversation.Value);
        var known = (await ConversationStore.ListAsync(reading, cancellationToken)).Select(each => each.Conversation.Value);
        var nearest = NearestName.Several(named, known.Union(Configured), NamesTold);
        return $"there is no conversation \"{named}\"; the nearest known: {string.Join(", ", nearest)}";
    }

    /// <summary>They are for somebody else, or an answer.</summary>
    private static async Task<string?> WhyNotOwnAsync(Reading reading, OperatorWords words, CancellationToken cancellationToken) =>
        words switch
        {
            OperatorWords.Refused refused => refused.Reason,
            OperatorWords.Direct { Session: var session } =>
                $"\"@{session}:\" begins words to that session itself: relay say \"@{session} TEXT\"",
            OperatorWords.Numbered { Question: var question }
                when await QuestionStore.FindAsync(reading, question, cancellationToken) is { IsOpen: true } =>
                $"\"#{question}\" begins an answer to question #{question}: relay answer {question} TEXT",
            _ => null,
        };

    /// <summary>Of these nobody need have spoken in yet.</summary>
    private IEnumerable<string> Configured => settings.Current.Config.Sessions
        .Select(session => session.Conversation)
        .Append(SessionDirectory.Default.Value);

    /// <summary>Words that nobody asked for are a ruling as an answer is; those under a key that was seen before are the same
    /// words.</summary>
    public static async Task SayAsync(
        Writing writing, ConversationId conversation, OperatorInput input, CancellationToken cancellationToken)
    {
        if (await InsertAsync(writing, conversation, input.Text, input.Key!, cancellationToken) is not { } message)
            return;
        var ruling = new NewRuling(conversation, message.Id, input.Text, input.Scope ?? RulingScope.Conversation);
        await RulingStore.AddAsync(writing, ruling, cancellationToken);
    }

    private static async Task<InsertedMessage?> InsertAsync(
        Writing writing, ConversationId conversation, string text, string key, CancellationToken cancellationToken)
    {
        await ConversationStore.KnowAsync(writing, conversation, cancellationToken);
        var words = new NewMessage(conversation, SessionId.None, Speaker.Operator, ReplyChannel.Operator, Origin: null, key, text);
        return await MessageStore.InsertAsync(writing, words, cancellationToken);
    }
}

/// <summary>How words begin that ask back about a question: the advisor must not take them for the answer.</summary>
internal static class AskBackText
{
    public static string Start(long question) => FormattableString.Invariant($"About question #{question}, which stays open: ");
}

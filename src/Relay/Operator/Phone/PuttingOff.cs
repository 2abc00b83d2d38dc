using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Operator.Phone;

/// <summary>The operator has seen a question, or wants to be asked again at a time: the ladder stops until then, and goes on by itself.
/// </summary>
internal sealed class PuttingOff(SettingsSource settings, TimeProvider clock)
{
    /// <summary>So many times remind_after, what was seen and not answered is asked again.</summary>
    private const int SeenFor = 4;

    private static readonly TimeSpan SeenWithout = TimeSpan.FromHours(2);

    /// <returns>Why not; null when it is done.</returns>
    public async Task<string?> TakeAsync(Writing writing, LaterWords words, CancellationToken cancellationToken)
    {
        var open = await QuestionStore.OpenAsync(writing, cancellationToken);
        var number = words.Question ?? (open is [var only] ? only.Id : null);
        if (number is not { } question)
            return open.Count == 0
                ? "no question is open"
                : $"several questions are open, say which: {string.Join(", ", open.Select(each => $"#{each.Id} of {each.Whose}"))}";
        var seen = settings.Current.Config.Phone.RemindAfter * SeenFor ?? SeenWithout;
        return await LaterAsync(writing, question, words.IsSeen ? writing.Now + seen : words.At(clock), cancellationToken);
    }

    public static async Task<string?> LaterAsync(
        Writing writing, long question, DateTimeOffset until, CancellationToken cancellationToken)
    {
        if (await QuestionStore.FindAsync(writing, question, cancellationToken) is not { } named)
            return $"there is no question #{question}";
        if (!named.IsOpen)
            return Answers.FirstAnswer(named);
        await PageStore.PutOffAsync(writing, PageCause.Question(question), until, cancellationToken);
        return null;
    }
}

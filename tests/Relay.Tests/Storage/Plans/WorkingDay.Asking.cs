using Relay.Tests.Testing;

namespace Relay.Tests.Storage.Plans;

/// <summary>What a session's client asks its human.</summary>
internal sealed partial class WorkingDay
{
    private async Task AskPermissionAsync()
    {
        var answered = HookAsync("PermissionRequest");
        await Until.TrueAsync(async () => (await relay.OpenQuestionsAsync()).Count == 1, "the question");
        await relay.AnswerAsync("allow");
        await answered;
        await HookAsync("PostToolUse");
        foreach (var words in new[] { "deny", null }) // In vain, and answered at the terminal.
        {
            var asked = HookAsync("PermissionRequest");
            await Until.TrueAsync(async () => (await relay.OpenQuestionsAsync()).Count == 1, "the question");
            if (words is not null)
            {
                await relay.AnswerAsync(words);
                await asked;
            }
            await HookAsync("PostToolUse");
            await asked;
        }
        var unanswered = HookAsync("PermissionRequest");
        await Until.TrueAsync(
            () =>
            {
                relay.Clock.Advance(TimeSpan.FromMinutes(1));
                return unanswered.IsCompleted;
            },
            "the end of the client's patience");
        await unanswered;
    }
}

using Relay.Conversations;
using Relay.Costs;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Pages;

/// <summary>Tells the operator, once per cause until it clears, what holds work up and how to mend it.</summary>
internal static class HoldPages
{
    public static Task PageAsync(Writing writing, Message message, HoldCause cause, string reason, CancellationToken cancellationToken)
    {
        var about = IsAboutOneMessage(cause) ? PageCause.Message(message.Id) : PageCause.Hold(cause);
        var page = new NewPage(about, $"Relay error: {Title(cause)}", $"{reason}\n\n{Remedy(cause, message)}", Priority: 4, "rotating_light");
        return PageStore.QueueAsync(writing, page, cancellationToken);
    }

    /// <summary>After a call that went well, and once the message itself is answered.</summary>
    public static async Task ClearAsync(Writing writing, Message message, CancellationToken cancellationToken)
    {
        await PageStore.ClearHoldsAsync(writing, cancellationToken);
        await PageStore.ClearAsync(writing, PageCause.Message(message.Id), cancellationToken);
    }

    private static bool IsAboutOneMessage(HoldCause cause) =>
        cause is HoldCause.Request or HoldCause.Empty or HoldCause.Context or HoldCause.Fault;

    private static string Title(HoldCause cause) => cause switch
    {
        HoldCause.Credentials => "the API key is rejected",
        HoldCause.Credit => "no API credit",
        HoldCause.SpendLimit => "the API spend limit is reached",
        HoldCause.Model => "the model is not available",
        HoldCause.Budget => "the budget is reached",
        HoldCause.Empty => "the advisor answers nothing",
        HoldCause.Context => "a message does not fit the model's context",
        HoldCause.Fault => "a fault of the program holds a message",
        _ => "the API refuses a request",
    };

    private static string Remedy(HoldCause cause, Message message) => cause switch
    {
        HoldCause.Credentials => "Mend ANTHROPIC_API_KEY in .env: the relay sees the change and goes on. Or: relay retry.",
        HoldCause.Budget => "It goes on when the day or month is over, or when budget in config.yaml is raised.",
        HoldCause.Model => "Mend model in config.yaml: the relay sees the change and goes on. Or: relay retry.",
        HoldCause.Credit or HoldCause.SpendLimit => "When that is mended: relay retry.",
        _ => $"relay explain {message.Id} tells more; relay retry {message.Id} tries again, relay drop {message.Id} gives it up.",
    };
}

using Relay.Conversations;
using Relay.Storage;

namespace Relay.Operator.Pages;

/// <summary>Pages the operator what holds messages and how to remove the cause. A cause is paged once, until it is cleared.</summary>
internal static class HoldPages
{
    public static Task PageAsync(Writing writing, Message message, HoldCause cause, string reason, CancellationToken cancellationToken)
    {
        var text = $"{reason}\n\n{Remedy(cause, message, reason)}";
        var page = new NewPage(CauseOf(message, cause), $"Relay error: {Title(cause, reason)}", text, Priority: 4, "rotating_light");
        return PageStore.QueueAsync(writing, page, cancellationToken);
    }

    /// <summary>What every call carries leaves no room for any message: one page for all that it holds.</summary>
    public static Task PageCarriedAsync(Writing writing, string reason, CancellationToken cancellationToken)
    {
        var text = $"{reason}\n\nNo message fits until then. The relay sees the change and tries again what is held. Or: relay retry.";
        var page = new NewPage(
            PageCause.Hold(HoldCause.Context), "Relay error: the system prompt leaves no room", text, Priority: 4, "rotating_light");
        return PageStore.QueueAsync(writing, page, cancellationToken);
    }

    /// <summary>What the page is about: the message alone, or what holds all that are asked.</summary>
    public static PageCause CauseOf(Message message, HoldCause cause) =>
        cause is HoldCause.Request or HoldCause.Empty or HoldCause.Context or HoldCause.Wasted or HoldCause.Fault
            ? PageCause.Message(message.Id)
            : PageCause.Hold(cause);

    private static string Title(HoldCause cause, string reason) => cause switch
    {
        HoldCause.Credentials when reason == HoldReasons.NoKey => "no API key",
        HoldCause.Gateway when reason == HoldReasons.UserInAddress => "ANTHROPIC_BASE_URL has a user",
        HoldCause.Credentials => "the API key is rejected",
        HoldCause.Credit => "no API credit",
        HoldCause.SpendLimit => "the API spend limit is reached",
        HoldCause.Model => "the model is not available",
        HoldCause.Gateway => "what answers is not the Messages API",
        HoldCause.Budget => "the budget is reached",
        HoldCause.Price => "the price of the model is not known",
        HoldCause.Empty => "the advisor answers nothing",
        HoldCause.Wasted => "calls are paid for and bring nothing",
        HoldCause.Context when reason == HoldReasons.NoMemory => "a message does not fit the memory",
        HoldCause.Context => "a message does not fit the model's context",
        HoldCause.Fault => "a fault of the program holds a message",
        _ => "the API refuses a request",
    };

    /// <summary>What removes a cause that concerns all messages.</summary>
    public static string Cure(HoldCause cause, string reason) => cause switch
    {
        HoldCause.Credentials when reason == HoldReasons.NoKey => "put ANTHROPIC_API_KEY into .env",
        HoldCause.Gateway when reason == HoldReasons.UserInAddress => "take the user and password out of ANTHROPIC_BASE_URL in .env",
        HoldCause.Credentials => "correct ANTHROPIC_API_KEY in .env",
        HoldCause.Model => "correct model in config.yaml",
        HoldCause.Gateway => "correct ANTHROPIC_BASE_URL in .env, or what stands at that address",
        HoldCause.Credit => "buy credit for the API",
        HoldCause.SpendLimit => "raise the spend limit of the API",
        _ => "see what the API says about the request",
    };

    /// <summary>What its page says would help.</summary>
    public static string Remedy(Message held) => Remedy(held.Cause!.Value, held, held.Reason ?? "");

    private static string Remedy(HoldCause cause, Message message, string reason) => cause switch
    {
        HoldCause.Credentials when reason == HoldReasons.NoKey =>
            "Put ANTHROPIC_API_KEY into .env: the relay sees the change and goes on.",
        HoldCause.Gateway when reason == HoldReasons.UserInAddress =>
            "Take the user and password out of ANTHROPIC_BASE_URL in .env: the relay sees the change and goes on. Or: relay retry.",
        HoldCause.Gateway => "Correct ANTHROPIC_BASE_URL in .env, or what stands at that address. The relay tries again by itself every "
            + "few minutes; relay retry does so at once, and relay doctor --call tries a call.",
        HoldCause.Credentials => "Correct ANTHROPIC_API_KEY in .env: the relay sees the change and goes on. Or: relay retry.",
        HoldCause.Budget =>
            "It goes on by itself when the day or the month is over (UTC), or when budget in config.yaml is raised. "
            + $"relay retry {message.Id} makes this call all the same; relay retry --until-spent goes on until the cap is really spent, "
            + "which may pass it by one call's worst at most, as budget: {reserve: likely} does at all times.",
        HoldCause.Price =>
            "Add the price to prices.json and restart the relay, or remove budget from config.yaml. "
            + $"Or: relay retry {message.Id} asks this once, whatever it costs.",
        HoldCause.Wasted =>
            "Something cuts the replies or the model gives none: look at the network and at proxies, and at ANTHROPIC_BASE_URL. "
            + $"relay retry {message.Id} tries again, up to three times more; relay drop {message.Id} gives it up.",
        HoldCause.Model => "Correct model in config.yaml: the relay sees the change and goes on. Or: relay retry.",
        HoldCause.Credit or HoldCause.SpendLimit =>
            "The relay tries again by itself every few minutes. When that is settled, relay retry does so at once.",
        HoldCause.Context when reason == HoldReasons.NoMemory =>
            $"Other messages go on without it. relay drop {message.Id} gives it up; relay retry {message.Id} tries again, "
            + "which helps once the relay may use more memory: see the limit of its container or service.",
        HoldCause.Context =>
            $"Other messages go on without it. relay drop {message.Id} gives it up; relay retry {message.Id} tries again, "
            + "which helps once the model is one with more room.",
        _ => $"relay explain {message.Id} tells more; relay retry {message.Id} tries again, relay drop {message.Id} gives it up.",
    };
}

using Relay.Configuration;

namespace Relay.Operator.Pages;

/// <summary>A page without what must not leave this machine.</summary>
internal static class Reduced
{
    private const string Where = "What it is about stays on the relay's machine.";

    public static QueuedPage Of(QueuedPage page, RelayConfig config) => config.Phone.Content switch
    {
        PageContent.Title => page with { Body = $"{page.Cause.Command} shows it." },
        PageContent.None => page with { Title = Title(page, config.Operator.Token), Body = $"{Where} {Command(page.Cause)} shows it." },
        _ => page,
    };

    private static string Title(QueuedPage page, string token) => page.Cause.Kind switch
    {
        PageKind.Question when page.Cause.IsBurst => page.IsReceipt ? page.Title : $"{token} questions wait for you",
        PageKind.Question when page.IsReceipt => $"Relay: #{page.Cause.Subject} is settled",
        PageKind.Question when page.Cause.QuestionNumber is { } number => $"{token} #{number} waits for you",
        PageKind.Online => page.Cause == PageCause.Digest ? "Relay: the day's digest" : "Relay online",
        PageKind.Hold or PageKind.Message => "Relay error",
        PageKind.Stuck => "Relay: stuck",
        PageKind.Moving => "Relay: moving again",
        PageKind.Refused => "Relay: your words were not taken",
        PageKind.Reply => "Relay: a reply for you",
        _ => "Relay: something for you",
    };

    /// <summary>A message's id tells nothing, a session's name may.</summary>
    private static string Command(PageCause cause) => cause.Kind == PageKind.Question ? "relay questions" : cause.Command;
}

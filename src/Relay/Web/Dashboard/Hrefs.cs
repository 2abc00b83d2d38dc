using Relay.Conversations;

namespace Relay.Web.Dashboard;

/// <summary>Where things have their page.</summary>
internal static class Hrefs
{
    public static string Of(ConversationId conversation) => $"/conversations/{Uri.EscapeDataString(conversation.Value)}";

    public static string Of(ConversationId conversation, MessageId message) =>
        $"/messages/{Uri.EscapeDataString(conversation.Value)}/{Uri.EscapeDataString(message.Value)}";

    public static string Of(Message message) =>
        $"/messages/{Uri.EscapeDataString(message.Conversation.Value)}/{Uri.EscapeDataString(message.Root.Value)}";

    /// <summary>An entry with some of what follows it.</summary>
    public static string Of(ConversationId conversation, long position) =>
        FormattableString.Invariant($"{Of(conversation)}?through={position + 9}#entry-{position}");
}

using Relay.Conversations;

namespace Relay.Web.Dashboard;

/// <summary>Where things have their page.</summary>
internal static class Hrefs
{
    public static string Of(ConversationId conversation) => $"/conversations/{Uri.EscapeDataString(conversation.Value)}";

    public static string Of(ConversationId conversation, MessageId message) =>
        $"/messages/{Uri.EscapeDataString(conversation.Value)}/{Uri.EscapeDataString(message.Value)}";
}

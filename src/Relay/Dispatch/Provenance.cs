using Relay.Conversations;
using Relay.Texts;

namespace Relay.Dispatch;

/// <summary>The first line of what a session did not ask for: whose words caused it. A line of the advisor's text that looks like one is
/// quoted.</summary>
internal static class Provenance
{
    /// <summary>What the one who asked gets: the reply and nothing else.</summary>
    public static string OfReply(string text) => HeaderLines.QuoteSpeakers(text);

    public static string OfAdvisor(Message cause, string text)
    {
        var whose = cause.Session == SessionId.None ? "the operator" : cause.Session.Value;
        return $"[advisor, on {whose}'s message {cause.Root}]\n{HeaderLines.QuoteSpeakers(text)}";
    }

    public static string OfOperator(string name, string text) => $"[operator {name}]\n{text}";

    /// <summary>The text of a reply without that line.</summary>
    public static string TextOf(OutboundReply reply) =>
        reply.Message is null && reply.Content.StartsWith('[') && reply.Content.IndexOf('\n') is var end and > 0
            ? reply.Content[(end + 1)..]
            : reply.Content;
}

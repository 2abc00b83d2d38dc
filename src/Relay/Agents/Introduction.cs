using Relay.Dispatch;

namespace Relay.Agents;

/// <summary>What a hook says before the texts that it hands over: a model that was doing something else has to know what they
/// are.</summary>
internal static class Introduction
{
    public static string Of(Handover.Lease lease)
    {
        var texts = new List<string>();
        string? last = null;
        foreach (var reply in lease.Ordered)
        {
            var words = WordsFor(reply);
            texts.Add(words == last ? reply.Carried : $"{words}\n\n{reply.Carried}");
            last = words;
        }
        return string.Join("\n\n", texts) + lease.Rest;
    }

    private static string WordsFor(OutboundReply reply) => (reply.Message is not null, reply.IsOperators) switch
    {
        (true, false) => "A reply from the advisor, which this session has been waiting for:",
        (true, true) => "The operator's own answer, which this session has been waiting for:",
        (false, true) => "From the operator, directly; this session has not asked for it:",
        _ when reply.Speaker is null => "A note from the relay:",
        _ => "From the advisor; this session has not asked for it:",
    };
}

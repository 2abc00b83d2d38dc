namespace Relay.Dispatch;

/// <summary>What of a reply an answer carries.</summary>
internal static class Parts
{
    /// <summary>What is said before and after a reply: whose words it is, which pieces, that more waits.</summary>
    public const int Around = 300;

    /// <summary>All that the session has not got.</summary>
    public static OutboundReply Rest(OutboundReply reply) => reply.Told == 0 ? reply : Through(reply, new Pieces(reply), null);

    /// <summary>What was handed of it, as it was carried.</summary>
    public static OutboundReply Handed(OutboundReply reply) => reply is { Handed.Through: null, Told: 0 }
        ? reply
        : Through(reply, new Pieces(reply), reply.Handed?.Through);

    /// <summary>As much as fits; null when not even a piece does.</summary>
    public static OutboundReply? Fitting(OutboundReply reply, int room)
    {
        if (reply.Carried.Length + Around <= room)
            return reply;
        var pieces = new Pieces(reply);
        OutboundReply? fitting = null;
        for (var through = reply.Told + 1; through < pieces.Count; through++)
        {
            var longer = Through(reply, pieces, through);
            if (longer.Carried.Length + Around > room && (fitting is not null || room < Pieces.Longest))
                break;
            fitting = longer;
        }
        return fitting;
    }

    private static OutboundReply Through(OutboundReply reply, Pieces pieces, int? through) => reply with
    {
        Through = through,
        Carried = pieces.Text(Math.Min(reply.Told, pieces.Count - 1), through ?? pieces.Count),
    };
}

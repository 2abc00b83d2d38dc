namespace Relay.Configuration;

/// <summary>Reads what config.yaml says of the pages.</summary>
internal static class PhoneReader
{
    public static PhoneConfig Read(Section root)
    {
        var defaults = new PhoneConfig();
        return new PhoneConfig
        {
            Content = root.Read("page_content", defaults.Content, Rules.Content),
            Buttons = root.Read("page_buttons", defaults.Buttons, Rules.Buttons),
            RemindAfter = root.Read("remind_after", defaults.RemindAfter, PhoneRules.RemindAfter),
            SecondWays = root.Children("second_ways") is { } ways ? ReadWays(ways) : defaults.SecondWays,
            Quiet = ReadQuiet(root),
            Digest = root.Read("digest", defaults.Digest, PhoneRules.TimeOrOff),
        };
    }

    private static List<SecondWay> ReadWays(IReadOnlyList<Section> items)
    {
        var ways = new List<SecondWay>();
        foreach (var item in items)
        {
            var (ntfy, webhook) = (item.Read("ntfy", null, PhoneRules.TopicAddress), item.Read("webhook", null, PhoneRules.WebAddress));
            var (to, from) = (item.Read("mail", null, PhoneRules.Mailbox), item.Read("from", null, PhoneRules.Mailbox));
            var smtp = item.Read("smtp", null, PhoneRules.SmtpServer);
            item.ReportUnknownKeys();
            if (to is not null)
            {
                item.Require("from", "the address that the mail comes from");
                item.Require("smtp", "the mail server");
            }
            else if (ntfy is null && webhook is null)
                item.Require("ntfy", "ntfy, webhook or mail: one of them");
            if (ntfy is not null)
                ways.Add(new SecondWay.Ntfy(new Uri(ntfy, "."), ntfy.Segments[^1]));
            if (webhook is not null)
                ways.Add(new SecondWay.Webhook(webhook));
            if (to is not null && from is not null && smtp is not null)
                ways.Add(new SecondWay.Mail(to, from, smtp));
        }
        return ways;
    }

    private static QuietHours? ReadQuiet(Section root)
    {
        var section = root.Child("quiet_hours");
        var (from, to) = (section.Read("from", null, PhoneRules.TimeOrOff), section.Read("to", null, PhoneRules.TimeOrOff));
        var zone = section.Read("zone", null, PhoneRules.Zone);
        var urgent = section.Read("urgent", null, PhoneRules.Urgent);
        section.ReportUnknownKeys();
        section.Require("from", PhoneRules.TimeText);
        section.Require("to", PhoneRules.TimeText);
        return from is { } begin && to is { } end && begin != end ? new QuietHours(begin, end, zone, urgent) : null;
    }
}

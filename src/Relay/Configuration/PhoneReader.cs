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
        };
    }
}

namespace Relay.Configuration;

/// <summary>What the values of the pages' settings may be.</summary>
internal static class PhoneRules
{
    public static Rule<TimeSpan?> RemindAfter => value => value switch
    {
        YamlValue.Scalar { Kind: ScalarKind.Text, Content: "off" } => new Parsed<TimeSpan?>.Valid(null),
        _ => Rules.Duration(TimeSpan.FromMinutes(1), TimeSpan.FromDays(7))(value) switch
        {
            Parsed<TimeSpan>.Valid valid => new Parsed<TimeSpan?>.Valid(valid.Value),
            Parsed<TimeSpan>.Invalid invalid => new Parsed<TimeSpan?>.Invalid(invalid.Wrong, $"{invalid.Allowed}, or off"),
            _ => throw new InvalidOperationException(),
        },
    };
}

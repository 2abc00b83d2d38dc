using System.Globalization;

namespace Relay.Costs;

/// <summary>Nano-dollars as people read them.</summary>
internal static class Dollars
{
    /// <summary>To the cent, and to its hundredth below one: what was spent.</summary>
    public static string Rounded(long nano) =>
        "$" + Of(nano).ToString(nano is > 0 and < 10_000_000 ? "0.0000" : "N2", CultureInfo.InvariantCulture);

    /// <summary>With every digit an amount may have that somebody said: a cap.</summary>
    public static string Exact(long nano) =>
        "$" + Of(nano).ToString(nano % 10_000_000 == 0 ? "N2" : "#,##0.00##", CultureInfo.InvariantCulture);

    public static decimal Of(long nano) => nano / 1_000_000_000m;
}

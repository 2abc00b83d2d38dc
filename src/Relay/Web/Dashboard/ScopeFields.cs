using System.Globalization;

namespace Relay.Web.Dashboard;

/// <summary>For what an answer holds, as the form offers it. The first one says nothing.</summary>
internal static class ScopeFields
{
    private static readonly ToView
        Here = new("conversation", "for this conversation"), Once = new("once", "for this question only"),
        Always = new("always", "for all conversations");

    private static readonly IReadOnlyList<ToView> Usual = [Here with { Value = "" }, Once, Always];

    /// <summary>An answer that takes a ruling's place holds for what that held for, unless something else is said.</summary>
    public static IReadOnlyList<ToView> Of(long? overturns) => overturns is { } ruling
        ? [new ToView("", string.Create(CultureInfo.InvariantCulture, $"as ruling {ruling} did")), Here, Once, Always]
        : Usual;
}

using ArchUnitNET.Loader;
using Xunit;

namespace Relay.Tests.Architecture;

/// <summary>Which other folders each folder of the program may use.</summary>
public sealed class DependencyTests
{
    /// <summary>Each folder may use those before it, but none after it. So there are no cycles.</summary>
    private static readonly string[] Order =
    [
        "Texts", "Running", "Files", "Configuration", "Telemetry", "Storage", "Http",
        "Conversations", "Intake", "Costs", "Advisor", "Dispatch", "Operator", "Turns", "Agents", "Web", "Cli",
    ];

    private static readonly ArchUnitNET.Domain.Architecture Program =
        new ArchLoader().LoadAssembly(typeof(Relay.Running.ILoop).Assembly).Build();

    /// <summary>Which namespace uses which, each with an example of the types.</summary>
    private static readonly Dictionary<(string From, string To), string> Uses = FindUses();

    [Fact]
    public void A_folder_uses_only_those_before_it()
    {
        var backward = Uses.Where(use => Rank(use.Key.From) is var from and >= 0 && Rank(use.Key.To) > from).Select(use => use.Value);

        Assert.Empty(backward);
    }

    [Fact]
    public void No_two_folders_use_each_other_subfolders_included()
    {
        var mutual = Uses.Where(use => use.Key.From != "Relay" && Reaches(use.Key.To, use.Key.From, [])).Select(use => use.Value);

        Assert.Empty(mutual);
    }

    [Fact]
    public void A_use_is_seen_in_an_asynchronous_method_too() =>
        Assert.Contains(Uses.Keys, use => use is { From: "Relay.Web.Api", To: "Relay.Operator" });

    [Fact]
    public void Every_folder_has_its_place_in_the_order()
    {
        var folders = Uses.Keys
            .SelectMany(use => new[] { use.From, use.To })
            .Select(Folder)
            .Where(folder => folder.Length > 0)
            .Distinct()
            .ToList();

        Assert.Empty(folders.Except(Order));
        Assert.Contains("Advisor", folders);
    }

    private static int Rank(string @namespace) => Array.IndexOf(Order, Folder(@namespace));

    private static string Folder(string @namespace) => @namespace.Split('.').ElementAtOrDefault(1) ?? "";

    private static bool Reaches(string from, string to, HashSet<string> seen) =>
        from == to || (seen.Add(from) && Uses.Keys.Any(use => use.From == from && use.To != "Relay" && Reaches(use.To, to, seen)));

    private static Dictionary<(string From, string To), string> FindUses()
    {
        var uses = new Dictionary<(string From, string To), string>();
        foreach (var type in Program.Types)
            foreach (var dependency in type.Dependencies)
            {
                if (dependency.Target.Namespace is not { } target)
                    continue;
                var (from, to) = (type.Namespace.FullName, target.FullName);
                if (IsOurs(from) && IsOurs(to) && from != to)
                    uses[(from, to)] = $"{type.FullName} uses {dependency.Target.FullName}";
            }
        return uses;
    }

    private static bool IsOurs(string @namespace) => @namespace == "Relay" || @namespace.StartsWith("Relay.", StringComparison.Ordinal);
}

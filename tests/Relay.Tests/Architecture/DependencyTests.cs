using ArchUnitNET.Loader;
using Xunit;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace Relay.Tests.Architecture;

/// <summary>What each folder of the program may use. The order is that in which a message flows; nobody uses the command line.</summary>
public sealed class DependencyTests
{
    private static readonly string[] Folders =
        ["Configuration", "Telemetry", "Storage", "Conversations", "Dispatch", "Operator", "Intake", "Advisor", "Agents", "Web", "Cli"];

    /// <summary>Used by all.</summary>
    private static readonly string[] Common = ["Configuration", "Telemetry", "Storage"];

    private static readonly ArchUnitNET.Domain.Architecture Program = new ArchLoader().LoadAssembly(typeof(Relay.Loop).Assembly).Build();

    public static TheoryData<string, string[]> MayUse => new()
    {
        { "Configuration", [] },
        { "Telemetry", ["Configuration"] },
        { "Storage", ["Configuration"] },
        { "Conversations", Common },
        { "Dispatch", [.. Common, "Conversations"] },
        { "Operator", [.. Common, "Conversations", "Dispatch"] },
        { "Intake", [.. Common, "Conversations"] },
        { "Advisor", [.. Common, "Conversations", "Dispatch", "Operator"] },
        { "Agents", [.. Common, "Conversations", "Dispatch", "Operator", "Intake"] },
        { "Web", [.. Folders.Except(["Web", "Cli"])] },
    };

    [Theory]
    [MemberData(nameof(MayUse))]
    public void A_folder_uses_only_what_it_may(string folder, string[] allowed)
    {
        var forbidden = Folders.Except(allowed).Except([folder]);

        Assert.Empty(Uses(folder, forbidden));
    }

    [Fact]
    public void A_use_is_seen_in_an_asynchronous_method_too() => Assert.NotEmpty(Uses("Web", ["Advisor"]));

    [Fact]
    public void Every_folder_with_types_has_a_row()
    {
        var known = Folders.Append("").ToHashSet();

        var unknown = Program.Types
            .Where(type => type.Namespace.FullName.StartsWith("Relay", StringComparison.Ordinal))
            .Select(type => type.Namespace.FullName.Split('.').ElementAtOrDefault(1) ?? "")
            .Where(folder => !known.Contains(folder))
            .Distinct();

        Assert.Empty(unknown);
        Assert.Contains(Program.Types, type => type.Namespace.FullName == "Relay.Advisor");
    }

    private static List<string> Uses(string folder, IEnumerable<string> others) =>
        Types().That().ResideInNamespaceMatching($"^Relay\\.{folder}(\\.|$)")
            .Should().NotDependOnAny(Types().That()
                .ResideInNamespaceMatching($"^Relay\\.({string.Join('|', others)})(\\.|$)")
                .And().DoNotHaveFullName("Relay.Web.Problem")) // The one form of an error over HTTP, for whoever answers.
            .WithoutRequiringPositiveResults()
            .Evaluate(Program)
            .Where(result => !result.Passed)
            .Select(result => result.Description)
            .ToList();
}

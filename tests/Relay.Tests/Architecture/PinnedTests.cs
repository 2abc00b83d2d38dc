using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Relay.Tests.Architecture;

/// <summary>What is built, tested and shipped is made of named versions with known contents, and nothing else is run on the way.</summary>
public sealed partial class PinnedTests
{
    private static readonly string[] Shipped = ["linux-arm64", "linux-x64", "osx-arm64", "osx-x64"];

    [Fact]
    public void Every_package_has_one_exact_version()
    {
        var versions = XDocument.Load(At("Directory.Packages.props")).Descendants("PackageVersion").ToList();
        Assert.NotEmpty(versions);
        Assert.All(versions, version => Assert.Matches(@"\A[0-9]+(\.[0-9]+){2,3}\z", (string)version.Attribute("Version")!));
        var references = Projects().SelectMany(project => XDocument.Load(project).Descendants("PackageReference"));
        Assert.All(references, reference => Assert.Null(reference.Attribute("Version")));
    }

    [Fact]
    public void Every_project_is_locked_with_the_hash_of_all_it_needs()
    {
        foreach (var project in Projects())
        {
            var targets = Json(Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json"))["dependencies"]!.AsObject();
            var packages = targets.SelectMany(target => target.Value!.AsObject())
                .Where(package => (string?)package.Value!["type"] != "Project");
            Assert.All(packages, package => Assert.True(package.Value!["contentHash"] is not null, $"{project}: {package.Key}"));
        }
    }

    [Fact]
    public void The_program_is_locked_for_every_system_it_is_made_for()
    {
        var targets = Json(At("src/Relay/packages.lock.json"))["dependencies"]!.AsObject().Select(target => target.Key);
        Assert.Equal(["net10.0", .. Shipped.Select(system => $"net10.0/{system}")], targets.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_audit_fails_a_build_with_a_known_vulnerability()
    {
        var settings = XDocument.Load(At("Directory.Build.props")).Descendants()
            .ToLookup(element => element.Name.LocalName, element => element.Value);
        Assert.Equal(["true"], settings["NuGetAudit"]);
        Assert.Equal(["all"], settings["NuGetAuditMode"]);
        Assert.Equal(["low"], settings["NuGetAuditLevel"]);
        Assert.Equal(["true"], settings["TreatWarningsAsErrors"]);
        Assert.DoesNotMatch("NU190[1-4]", string.Concat(settings["NoWarn"].Concat(settings["WarningsNotAsErrors"])));
    }

    [Fact]
    public void Tools_have_exact_versions()
    {
        foreach (var (name, tool) in Json(At(".config/dotnet-tools.json"))["tools"]!.AsObject())
            Assert.True(tool!["rollForward"] is null && Exact().IsMatch((string)tool["version"]!), name);
    }

    [Theory]
    [InlineData("conformance")]
    [InlineData("claude-code")]
    public void What_comes_from_npm_is_locked_with_the_hash_of_all_it_needs(string folder)
    {
        var wanted = Json(At($"tests/npm/{folder}/package.json"));
        foreach (var kind in (string[])["dependencies", "optionalDependencies"])
            Assert.All(wanted[kind]?.AsObject() ?? [], package => Assert.Matches(Exact(), (string)package.Value!));

        var locked = Json(At($"tests/npm/{folder}/package-lock.json"))["packages"]!.AsObject().Where(package => package.Key.Length > 0);
        Assert.All(locked, package => Assert.True(package.Value!["integrity"] is not null, package.Key));
    }

    [Fact]
    public void Scripts_run_nothing_that_is_not_pinned()
    {
        var scripts = string.Concat(File.ReadAllText(At("build")), File.ReadAllText(At(".ci/run")));
        Assert.DoesNotMatch(@"\b(npx|pip|curl|wget|dnx)\b|npm (install|i|exec)\b|dotnet (workload|tool (install|update|exec))\b", scripts);
        Assert.All(NpmCi().Matches(scripts), run => Assert.Contains("--ignore-scripts", run.Value, StringComparison.Ordinal));
        Assert.Contains("export CI=true", File.ReadAllText(At(".ci/run")), StringComparison.Ordinal);
    }

    private static string At(string path) => Path.Combine(Repository.Root, path);

    private static JsonNode Json(string path) => JsonNode.Parse(File.ReadAllText(path))!;

    private static IEnumerable<string> Projects() => new[] { "src", "tests", "bench" }
        .SelectMany(folder => Directory.EnumerateFiles(At(folder), "*.csproj", SearchOption.AllDirectories));

    [GeneratedRegex(@"\A[0-9]+\.[0-9]+\.[0-9]+\z")]
    private static partial Regex Exact();

    [GeneratedRegex("npm ci.*")]
    private static partial Regex NpmCi();
}

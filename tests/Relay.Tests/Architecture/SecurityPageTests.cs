using System.Text.RegularExpressions;
using Xunit;

namespace Relay.Tests.Architecture;

/// <summary>docs/security.md names a test for every defence, and each is there.</summary>
public sealed partial class SecurityPageTests
{
    private static readonly IReadOnlyDictionary<string, string> Tests = Directory
        .EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories)
        .ToLookup(file => Path.GetFileNameWithoutExtension(file)!, File.ReadAllText)
        .ToDictionary(file => file.Key, file => string.Concat(file));

    private static readonly string[] Rows = [.. File.ReadLines(Path.Combine(Repository.Root, "docs", "security.md"))
        .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && line.Count(c => c == '|') == 5)];

    [Fact]
    public void Every_test_that_it_names_is_there()
    {
        var missing = from row in Rows
                      from Match name in Names().Matches(row.Split('|')[3])
                      where !IsThere(name.Groups["class"].Value, name.Groups["method"].Value)
                      select name.Value;
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_threat_has_a_defence_and_says_whether_it_was_tried_without_it()
    {
        var threats = Rows.Where(row => !row.StartsWith("| threat |", StringComparison.Ordinal)
            && !row.StartsWith("| --- |", StringComparison.Ordinal));
        Assert.True(threats.Count() > 40);
        Assert.All(threats, row => Assert.All(row.Split('|')[1..5], cell => Assert.NotEqual("", cell.Trim())));
    }

    private static bool IsThere(string name, string method) => name.Length > 0
        ? Tests.TryGetValue(name, out var source) && (method.Length == 0 || source.Contains($" {method}", StringComparison.Ordinal))
        : Tests.Values.Any(source => source.Contains($" {method}", StringComparison.Ordinal));

    /// <summary>A class, a method of it, or a method alone; one that ends with … is cut.</summary>
    [GeneratedRegex(@"`(?<class>[A-Z][A-Za-z0-9]*(Tests|Scenarios|Scenario))?\.?(?<method>[A-Z][A-Za-z0-9]*(_[A-Za-z0-9]+)+_?)?…?`")]
    private static partial Regex Names();
}

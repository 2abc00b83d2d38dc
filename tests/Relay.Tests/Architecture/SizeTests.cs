using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Relay.Tests.Architecture;

/// <summary>Everything is short enough to be read at a glance, and no test sleeps. Reads the sources, not the compiled program.</summary>
public sealed class SizeTests
{
    private const int LongestLine = 140;
    private const int LongestFile = 300;
    private const int LongestMethod = 40;
    private const int MostParameters = 5;

    /// <summary>Every file whose path starts with one of these is held to the limits.</summary>
    private static readonly string[] Covered = ["src/", "tests/", "bench/"];

    /// <summary>The only places that let real time pass: they wait on a condition, with a limit.</summary>
    private static readonly string[] Waits = ["tests/Relay.Tests/Testing/Until.cs", "tests/Relay.Scenarios/Harness/Eventually.cs"];

    private static readonly string Root = Repository.Root;
    private static readonly IReadOnlyList<Source> Sources = [.. CoveredFiles().Select(Source.Read)];

    private sealed record Source(string Path, string[] Lines, SyntaxNode Tree)
    {
        public static Source Read(string path)
        {
            var text = File.ReadAllText(System.IO.Path.Combine(Root, path));
            return new Source(path, text.TrimEnd('\n').Split('\n'), CSharpSyntaxTree.ParseText(text).GetRoot());
        }

        public string Place(SyntaxNode node) => $"{Path}:{LineOf(node.GetFirstToken())}";
    }

    [Fact]
    public void No_line_is_longer_than_140_characters()
    {
        var tooLong =
            from source in Sources
            from line in source.Lines.Index()
            where line.Item.Length > LongestLine
            select $"{source.Path}:{line.Index + 1}: {line.Item.Length} characters";

        AssertNone(tooLong);
    }

    [Fact]
    public void No_file_is_longer_than_300_lines()
    {
        var tooLong = Sources.Where(source => source.Lines.Length > LongestFile);

        AssertNone(tooLong.Select(source => $"{source.Path}: {source.Lines.Length} lines"));
    }

    [Fact]
    public void No_method_is_longer_than_40_lines()
    {
        var tooLong =
            from source in Sources
            from member in source.Tree.DescendantNodes().Where(IsCode)
            let lines = LinesOf(member)
            where lines > LongestMethod
            select $"{source.Place(member)}: {lines} lines";

        AssertNone(tooLong);
    }

    [Fact]
    public void No_constructor_of_a_class_has_more_than_five_parameters()
    {
        var tooMany =
            from source in Sources
            from parameters in source.Tree.DescendantNodes().Select(ParametersOf)
            where parameters?.Parameters.Count > MostParameters
            select $"{source.Place(parameters)}: {parameters.Parameters.Count} parameters";

        AssertNone(tooMany);
    }

    [Fact]
    public void No_test_sleeps()
    {
        var sleeps =
            from source in Sources
            where source.Path.StartsWith("tests/Relay.Tests/", StringComparison.Ordinal)
                || source.Path.StartsWith("tests/Relay.Scenarios/", StringComparison.Ordinal)
            where !Waits.Contains(source.Path)
            from call in source.Tree.DescendantNodes().OfType<InvocationExpressionSyntax>()
            where call.Expression.ToString() is "Task.Delay" or "Thread.Sleep"
            select $"{source.Place(call)}: {call.Expression}";

        AssertNone(sleeps);
    }

    [Fact]
    public void Every_listed_path_has_sources() =>
        AssertNone(Covered.Where(path => !AllFiles().Any(file => file.StartsWith(path, StringComparison.Ordinal))));

    /// <summary>A line for each fault, in full.</summary>
    private static void AssertNone(IEnumerable<string> faults)
    {
        var text = string.Join('\n', faults);
        Assert.True(text.Length == 0, text);
    }

    private static bool IsCode(SyntaxNode node) =>
        node is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or PropertyDeclarationSyntax { ExpressionBody: not null };

    /// <summary>From the first word of the signature to the end of the body: without comments and attributes above it.</summary>
    private static int LinesOf(SyntaxNode member)
    {
        var first = member.ChildNodesAndTokens().First(child => !child.IsKind(SyntaxKind.AttributeList));
        var start = first.IsToken ? first.AsToken() : first.AsNode()!.GetFirstToken();
        return LineOf(member.GetLastToken()) - LineOf(start) + 1;
    }

    /// <summary>Of a constructor that somebody has to call. A record's parameters are its data and may be more.</summary>
    private static ParameterListSyntax? ParametersOf(SyntaxNode node) => node switch
    {
        ClassDeclarationSyntax type => type.ParameterList,
        StructDeclarationSyntax type => type.ParameterList,
        ConstructorDeclarationSyntax { Parent: not RecordDeclarationSyntax } constructor => constructor.ParameterList,
        _ => null,
    };

    private static int LineOf(SyntaxToken token) => token.GetLocation().GetLineSpan().StartLinePosition.Line + 1;

    private static IEnumerable<string> CoveredFiles() =>
        AllFiles().Where(path => IsUnder(Covered, path)).Order(StringComparer.Ordinal);

    private static bool IsUnder(string[] folders, string path) =>
        folders.Any(folder => path.StartsWith(folder, StringComparison.Ordinal));

    private static IEnumerable<string> AllFiles() =>
        from folder in (string[])["src", "tests", "bench"]
        from file in Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        select Path.GetRelativePath(Root, file);
}

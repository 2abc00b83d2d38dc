using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Relay.Tests.Architecture;

/// <summary>A text of SQL as it stands in the source of the program.</summary>
/// <param name="Class">In which it stands.</param>
/// <param name="Place">File and line, for a person.</param>
/// <param name="Text">What is put in from elsewhere is <see cref="Hole"/>.</param>
internal sealed partial record SqlText(string Class, string Place, string Text)
{
    /// <summary>A sign that no SQL has.</summary>
    public const char Hole = '\u25A1';

    private static readonly string Root = Repository.Root;

    /// <summary>The tables that are read or written, of those that could be.</summary>
    public IEnumerable<string> TablesOf(IReadOnlySet<string> tables) => Named().Matches(Text)
        .SelectMany(match => match.Groups["name"].Captures)
        .Select(name => name.Value)
        .Where(tables.Contains)
        .Distinct();

    /// <summary>Whether this text, with its holes filled, is that statement.</summary>
    public bool IsSource(string statement)
    {
        var pattern = Regex.Escape(Normal(Text)).Replace($"{Hole}", ".*", StringComparison.Ordinal);
        return Regex.IsMatch(Normal(statement), $@"\A{pattern}\z", RegexOptions.Singleline);
    }

    public static IReadOnlyList<SqlText> ReadAll() =>
    [
        .. from file in Directory.EnumerateFiles(Path.Combine(Root, "src", "Relay"), "*.cs", SearchOption.AllDirectories).Order()
           from text in Read(Path.GetRelativePath(Root, file), File.ReadAllText(file))
           select text,
    ];

    public static IEnumerable<SqlText> Read(string path, string source)
    {
        foreach (var node in CSharpSyntaxTree.ParseText(source).GetRoot().DescendantNodes())
            if (TextOf(node) is { } text && Statement().IsMatch(text))
            {
                var line = node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
                var type = node.Ancestors().OfType<TypeDeclarationSyntax>().First();
                yield return new SqlText(type.Identifier.Text, $"{path}:{line}", text);
            }
    }

    private static string? TextOf(SyntaxNode node) => node switch
    {
        LiteralExpressionSyntax { Token.Value: string text } => text,
        InterpolatedStringExpressionSyntax text => string.Concat(text.Contents.Select(
            part => part is InterpolatedStringTextSyntax words ? words.TextToken.ValueText : $"{Hole}")),
        _ => null,
    };

    private static string Normal(string text) => Spaces().Replace(text, " ").Trim();

    /// <summary>How a statement begins.</summary>
    [GeneratedRegex(@"\A\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|CREATE|ALTER|DROP)\s")]
    private static partial Regex Statement();

    [GeneratedRegex(
        @"\b(FROM|JOIN|INTO|UPDATE|TABLE( IF (NOT )?EXISTS)?)\s+""?(?<name>[a-z_]+)""?(\s+([a-z]+\s*)?,\s*""?(?<name>[a-z_]+)""?)*")]
    private static partial Regex Named();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Relay.Tests.Architecture;

/// <summary>Files are read and written in one place, Files/, which knows what a path may turn out to be: a link, a FIFO, a device, another
/// user's, larger than memory. Reads the sources.</summary>
public sealed class FileAccessTests
{
    private static readonly string Root = Repository.Root;

    /// <summary>Calls of <see cref="File"/> that open what is at a path, or make something there.</summary>
    private static readonly string[] Opening = ["Read", "Write", "Append", "Open", "Create", "Copy", "Replace"];

    [Fact]
    public void Only_the_folder_Files_opens_files_by_their_paths()
    {
        var sources = Path.Combine(Root, "src", "Relay");
        var uses =
            from file in Directory.EnumerateFiles(sources, "*.cs", SearchOption.AllDirectories)
            where !Path.GetRelativePath(sources, file).StartsWith("Files/", StringComparison.Ordinal)
            from use in UsesIn(File.ReadAllText(file))
            select $"{Path.GetRelativePath(Root, file)}: {use}";

        Assert.Empty(uses);
    }

    [Theory]
    [InlineData("File.ReadAllText(path)")]
    [InlineData("File.WriteAllBytes(path, [])")]
    [InlineData("System.IO.File.OpenRead(path)")]
    [InlineData("File.Copy(path, other)")]
    [InlineData("new FileStream(path, FileMode.Open)")]
    [InlineData("new StreamReader(\"/etc/passwd\")")]
    [InlineData("new FileInfo(path).OpenText()")]
    public void What_opens_a_file_is_seen(string use) => Assert.Single(UsesIn($"class C {{ object M() => {use}; }}"));

    [Theory]
    [InlineData("File.Exists(path)")]
    [InlineData("File.Delete(path)")]
    [InlineData("new FileStream(new SafeFileHandle(0, false), FileAccess.Read)")]
    [InlineData("new StreamReader(stream)")]
    public void What_opens_none_is_not(string use) => Assert.Empty(UsesIn($"class C {{ object M() => {use}; }}"));

    private static IEnumerable<string> UsesIn(string source)
    {
        foreach (var node in CSharpSyntaxTree.ParseText(source).GetRoot().DescendantNodes())
            if (node is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax call } && OpensByCall(call))
                yield return node.ToString();
            else if (node is ObjectCreationExpressionSyntax made && OpensByMaking(made))
                yield return node.ToString();
    }

    private static bool OpensByCall(MemberAccessExpressionSyntax call)
    {
        var (type, name) = (call.Expression.ToString(), call.Name.Identifier.Text);
        if (type is "File" or "System.IO.File")
            return Opening.Any(start => name.StartsWith(start, StringComparison.Ordinal));
        return call.Expression is ObjectCreationExpressionSyntax { Type: IdentifierNameSyntax { Identifier.Text: "FileInfo" } }
            && Opening.Any(start => name.StartsWith(start, StringComparison.Ordinal));
    }

    /// <summary>Over a handle that is open already, or a stream, nothing is opened.</summary>
    private static bool OpensByMaking(ObjectCreationExpressionSyntax made)
    {
        var first = made.ArgumentList?.Arguments.FirstOrDefault()?.Expression;
        return made.Type.ToString() switch
        {
            "FileStream" => first?.ToString() != "handle" && (first as ObjectCreationExpressionSyntax)?.Type.ToString() != "SafeFileHandle",
            "StreamReader" or "StreamWriter" => first is LiteralExpressionSyntax or InterpolatedStringExpressionSyntax
                || first?.ToString() is "path" or "file",
            _ => false,
        };
    }
}

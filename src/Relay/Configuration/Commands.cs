using Relay.Files;

namespace Relay.Configuration;

/// <summary>What a setting that starts a program may be.</summary>
internal static class Commands
{
    private const string Allowed = "a command whose program is in PATH or has an absolute path, and which only you or root can change";

    /// <summary>The command as it is written.</summary>
    public static Rule<string> Line => value => Rules.Line(longest: 1_000)(value) is not Parsed<string>.Valid line
        ? Rules.Line(longest: 1_000)(value)
        : Find(line.Value) switch
        {
            ProgramFile.Search.Nothing nothing => new Parsed<string>.Invalid(nothing.Reason, Allowed),
            _ => line,
        };

    /// <summary>The absolute path of its program. What is wrong with it <see cref="Line"/> says.</summary>
    public static Rule<string> Program => value =>
        new Parsed<string>.Valid(
            Rules.Line(longest: 1_000)(value) is Parsed<string>.Valid line && Find(line.Value) is ProgramFile.Search.Found found
                ? found.Path
                : "");

    public static Rule<IReadOnlyList<string>> Folders => value =>
    {
        const string allowed = "a list of absolute paths of folders";
        if (value is not YamlValue.List list)
            return new Parsed<IReadOnlyList<string>>.Invalid(value.Problem, allowed);
        var folders = list.Items.Select(item => (item as YamlValue.Scalar)?.Content ?? "").ToList();
        return folders.Find(folder => !Path.IsPathRooted(folder)) is { } wrong
            ? new Parsed<IReadOnlyList<string>>.Invalid($"{(wrong.Length == 0 ? "an entry" : wrong)} is no absolute path", allowed)
            : new Parsed<IReadOnlyList<string>>.Valid(folders);
    };

    private static ProgramFile.Search Find(string line) =>
        CommandWords.Of(line) is [var program, ..] ? ProgramFile.Find(program) : new ProgramFile.Search.Nothing("it names no program");
}

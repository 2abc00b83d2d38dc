using System.Collections.Frozen;

namespace Relay.Configuration.Allowing;

/// <summary>Knows the commands that start no other, change no file and set nothing, whatever their arguments are. What is not known is not
/// harmless. Programs that a project's own settings of git name are the project's, and not judged here.</summary>
internal static class HarmlessCommand
{
    /// <summary>No option of theirs does more than reading and printing.</summary>
    private static readonly FrozenSet<string> Readers = FrozenSet.Create(
        "ls", "cat", "head", "tail", "wc", "grep", "egrep", "fgrep", "echo", "pwd", "true", "false", "basename", "dirname", "realpath",
        "readlink", "stat", "du", "df", "cut", "tr", "nl", "rev", "tac", "fold", "expand", "unexpand", "paste", "join", "comm", "cmp",
        "cksum", "md5sum", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "b2sum", "od", "whoami", "id", "groups", "uname",
        "nproc", "uptime", "which", "ps", "free");

    private static readonly FrozenDictionary<string, Shape> Shapes = new Dictionary<string, Shape>
    {
        ["sort"] = new Shape(
            "bdfgiMhnRrVcCmsuz", "kt", "ignore-leading-blanks dictionary-order ignore-case general-numeric-sort ignore-nonprinting "
                + "month-sort human-numeric-sort numeric-sort reverse version-sort check merge stable unique key field-separator "
                + "zero-terminated"),
        ["uniq"] = new Shape("cdDuiz", "fsw", "count repeated unique ignore-case skip-fields skip-chars check-chars") { Operands = 1 },
        ["diff"] = new Shape(
            "qsNaupwbBiErycednTtZ", "UCxIWF0123456789", "normal brief report-identical-files recursive new-file text unified context "
                + "ignore-case ignore-all-space ignore-space-change ignore-blank-lines ignore-trailing-space side-by-side width color "
                + "exclude minimal show-c-function strip-trailing-cr suppress-common-lines no-dereference"),
        ["file"] = new Shape("bikLhNnr0", "", "brief mime mime-type mime-encoding dereference no-dereference keep-going extension"),
        ["tree"] = new Shape("adfilpsughDFqNvtcrUCAS", "LPI", "dirsfirst noreport du prune gitignore inodes device si charset filelimit"),
        ["date"] = new Shape("uR", "I", "utc universal iso-8601 rfc-3339 rfc-email") { Operands = 0 },
        ["rg"] = new Shape(
            "niIlcwvFosSUuxHNqpaLPhj.0", "eAgBCtTmdE", "line-number no-line-number ignore-case files-with-matches files-without-match "
                + "count count-matches word-regexp invert-match fixed-strings only-matching smart-case case-sensitive multiline "
                + "multiline-dotall unrestricted hidden no-ignore no-ignore-vcs no-messages files regexp glob iglob type type-not "
                + "type-list after-context before-context context max-count max-depth max-columns max-filesize heading no-heading color "
                + "colors column json stats sort sortr trim vimgrep "
                + "with-filename no-filename null pcre2 text follow quiet pretty replace encoding no-config"),
    }.ToFrozenDictionary();

    /// <summary>They change something, but only by making what was not there, or its times: harmless where a rule names them.</summary>
    private static readonly FrozenDictionary<string, Shape> Makers = new Dictionary<string, Shape>
    {
        ["touch"] = new Shape("acm", "", "no-create"),
        ["mkdir"] = new Shape("pv", "", "parents verbose"),
    }.ToFrozenDictionary();

    /// <summary>They do much else, but say their version.</summary>
    private static readonly FrozenSet<string> Versioned = FrozenSet.Create(
        "dotnet", "node", "npm", "npx", "pnpm", "yarn", "python", "python3", "pip", "pip3", "go", "cargo", "rustc", "java", "gcc", "clang",
        "make", "cmake", "docker", "ruby", "php");

    /// <inheritdoc cref="Makers"/>
    public static bool Makes(IReadOnlyList<ShellWord> words) =>
        !words[0].IsGlob && Makers.TryGetValue(words[0].Text, out var shape) && shape.Fits(words.Skip(1));

    /// <param name="words">Of one plain command.</param>
    public static bool Is(IReadOnlyList<ShellWord> words) => words[0] switch
    {
        { IsGlob: true } => false,
        { Text: "git" } => GitShapes.Fits(words),
        { Text: "find" } => FindShape.Fits(words),
        { Text: "date" } => Shapes["date"].Fits(words.Skip(1).Where(word => !word.Text.StartsWith('+'))),
        { Text: var program } when Readers.Contains(program) => true,
        { Text: var program } when Shapes.TryGetValue(program, out var shape) => shape.Fits(words.Skip(1)),
        { Text: var program } => words.Count == 2 && words[1].Text == "--version" && Versioned.Contains(program),
    };
}

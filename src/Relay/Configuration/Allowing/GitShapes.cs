namespace Relay.Configuration.Allowing;

/// <summary>The commands of git that only read, each with the options that start nothing and write nothing.</summary>
internal static class GitShapes
{
    private static readonly Shape Diff = new(
        "puszaRbwWctm",
        "MCBDUSGXl0123456789",
        "patch no-patch raw patch-with-raw indent-heuristic no-indent-heuristic minimal patience histogram anchored diff-algorithm stat "
            + "compact-summary numstat shortstat dirstat cumulative summary patch-with-stat name-only name-status submodule color no-color "
            + "color-moved no-color-moved color-moved-ws word-diff word-diff-regex color-words no-renames rename-empty no-rename-empty "
            + "check full-index binary abbrev no-abbrev break-rewrites find-renames find-copies find-copies-harder irreversible-delete "
            + "diff-filter pickaxe-all pickaxe-regex skip-to rotate-to relative no-relative text ignore-cr-at-eol ignore-space-at-eol "
            + "ignore-space-change ignore-all-space ignore-blank-lines ignore-matching-lines inter-hunk-context function-context exit-code "
            + "quiet no-ext-diff no-textconv ignore-submodules src-prefix dst-prefix no-prefix default-prefix line-prefix unified "
            + "cached staged merge-base cc combined-all-paths stat-width stat-count");

    private static readonly Shape Log = new(
        "iEFPgq",
        "nL",
        "oneline graph no-graph decorate no-decorate decorate-refs all branches tags remotes glob exclude format pretty abbrev-commit "
            + "no-abbrev-commit since after until before author committer grep all-match invert-grep regexp-ignore-case basic-regexp "
            + "extended-regexp fixed-strings perl-regexp max-count skip merges no-merges min-parents max-parents first-parent reverse date "
            + "date-order topo-order author-date-order follow full-history dense sparse simplify-merges simplify-by-decoration left-right "
            + "left-only right-only cherry cherry-pick cherry-mark boundary source notes no-notes no-walk relative-date parents children "
            + "ancestry-path walk-reflogs diff-merges no-diff-merges log-size clear-decorations not count objects");

    private const string Listing =
        "list color no-color column no-column sort format merged no-merged contains no-contains points-at ignore-case omit-empty";

    private static readonly Dictionary<string, Shape> Commands = new()
    {
        ["status"] = new Shape(
            "sbvz", "u", "short branch show-stash porcelain long verbose untracked-files ignore-submodules ignored column no-column "
                + "ahead-behind no-ahead-behind renames no-renames find-renames"),
        ["diff"] = Diff,
        ["log"] = Diff + Log,
        ["show"] = Diff + Log,
        ["whatchanged"] = Diff + Log,
        ["rev-list"] = Log,
        ["shortlog"] = new Shape("sne", "w", "summary numbered email group") + Log,
        ["branch"] = new Shape("arvi", "", $"all remotes verbose show-current abbrev no-abbrev {Listing}") { Needs = ["--list"] },
        ["tag"] = new Shape("li", "n", Listing) { Needs = ["--list", "-l"] },
        ["blame"] = new Shape("wlsteipfc", "LMC", "porcelain line-porcelain incremental show-name show-number show-email date abbrev root"),
        ["describe"] = new Shape("", "", "all tags always dirty long abbrev match exclude contains exact-match first-parent candidates"),
        ["rev-parse"] = new Shape(
            "q", "", "abbrev-ref short show-toplevel show-prefix show-cdup git-dir absolute-git-dir git-common-dir is-inside-work-tree "
                + "is-inside-git-dir is-bare-repository verify quiet symbolic symbolic-full-name all branches tags remotes"),
        ["ls-files"] = new Shape(
            "cdmosukzvt", "", "cached deleted modified others ignored stage unmerged killed exclude-standard full-name error-unmatch "
                + "abbrev"),
        ["ls-tree"] = new Shape("drtlz", "", "long name-only name-status object-only full-name full-tree abbrev format"),
        ["cat-file"] = new Shape("ptse", "", ""),
        ["merge-base"] = new Shape("a", "", "all octopus is-ancestor independent fork-point"),
        ["grep"] = new Shape(
            "niIlLchHwvEFGPWpqoza", "eABCm", "line-number ignore-case files-with-matches files-without-match count word-regexp "
                + "invert-match extended-regexp fixed-strings perl-regexp basic-regexp cached untracked heading break color no-color "
                + "function-context show-function quiet only-matching and or not all-match max-depth max-count column full-name null "
                + "context after-context before-context"),
    };

    private static readonly Dictionary<string, Shape> Nested = new()
    {
        ["stash list"] = Diff + Log,
        ["stash show"] = Diff,
        ["remote get-url"] = new Shape("", "", "push all"),
        ["worktree list"] = new Shape("vz", "", "porcelain verbose"),
        ["config get"] = new Shape("z", "", "all show-origin show-scope global local system worktree null"),
        ["config list"] = new Shape("z", "", "show-origin show-scope global local system worktree null name-only") { Operands = 0 },
        ["config --get"] = new Shape("z", "", "show-origin show-scope global local system worktree null"),
        ["config --list"] = new Shape("z", "", "show-origin show-scope global local system worktree null name-only") { Operands = 0 },
        ["remote -v"] = new Shape("", "", "") { Operands = 0 },
        ["remote --verbose"] = new Shape("", "", "") { Operands = 0 },
    };

    public static bool Fits(IReadOnlyList<ShellWord> words)
    {
        var rest = words.Skip(1).SkipWhile(word => word.Text == "--no-pager").ToList();
        if (rest.Exists(word => word.Text.Contains("%G", StringComparison.Ordinal))) // In a format that starts gpg.
            return false;
        return rest switch
        {
            [{ Text: "remote" or "--version" or "version" }] => true,
            [var command, ..] when Commands.TryGetValue(command.Text, out var shape) => shape.Fits(rest.Skip(1)),
            [var command, var nested, ..] when Nested.TryGetValue($"{command.Text} {nested.Text}", out var shape) =>
                shape.Fits(rest.Skip(2)),
            _ => false,
        };
    }
}

using System.Text.Json;
using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

/// <summary>A rule matches a command of a shape that is known to be harmless, or the operator is asked.</summary>
public sealed class AllowRuleTests
{
    [Theory]
    [InlineData("git status*", "git status", true)]
    [InlineData("git status*", "git status --short", true)]
    [InlineData("git status*", " git status --short \n", true)]
    [InlineData("git status*", "git  status -sb", true)]
    [InlineData("git status", "git status --short", false)]
    [InlineData("git status*", "git status; rm -rf x", false)]
    [InlineData("git status*", "git status && rm -rf x", false)]
    [InlineData("git status*", "git status | sh", false)]
    [InlineData("git status*", "git status $(rm -rf x)", false)]
    [InlineData("git status*", "git status `rm -rf x`", false)]
    [InlineData("git status*", "git status \"$(rm -rf x)\"", false)]
    [InlineData("git status*", "git status > /etc/passwd", false)]
    [InlineData("git status*", "git status < /etc/passwd", false)]
    [InlineData("git status*", "git status\nrm -rf x", false)]
    [InlineData("git status*", "git status\rrm -rf x", false)]
    [InlineData("git status*", "git status & rm -rf x", false)]
    [InlineData("git status*", "sudo git status", false)]
    [InlineData("git status*", "git statusx", false)]
    [InlineData("git sta.us", "git status", false)]
    [InlineData("*", "ls", true)]
    [InlineData("*", "ls; rm -rf x", false)]
    [InlineData("*", "'ls", false)]
    [InlineData("*", "ls \\", false)]
    [InlineData("*", "PATH=/tmp ls", false)]
    [InlineData("*", "./ls", false)]
    [InlineData("*", "=ls", false)]
    [InlineData("*", "rm x", false)]
    [InlineData("npm test", "npm test", true)]
    [InlineData("npm test", "npm test -- x", false)]
    [InlineData("npm *", "npm test", false)]
    public void A_pattern_covers_one_known_command_and_nothing_that_starts_another(string pattern, string command, bool covered)
    {
        Assert.Equal(covered, Covers("Bash", pattern, new { command }));
        Assert.False(new AllowRule("Bash", pattern).Covers("Write", JsonSerializer.SerializeToElement(new { command })));
    }

    [Theory]
    [InlineData("find . -name '*.cs' -type f -maxdepth 3", true)]
    [InlineData("find src tests \\( -name a -o -name b \\) -print0", true)]
    [InlineData("find . -name -delete", true)] // A file of that name.
    [InlineData("find . -exec rm {} \\;", false)]
    [InlineData("find . -execdir rm {} +", false)]
    [InlineData("find . -ok rm {} \\;", false)]
    [InlineData("find . -delete", false)]
    [InlineData("find . '-delete'", false)]
    [InlineData("find . -del\\ete", false)]
    [InlineData("find . -fprint /etc/x", false)]
    [InlineData("find . -fls x", false)]
    [InlineData("find . *", false)]
    [InlineData("find . -name *", false)]
    [InlineData("find . {-delete,-print}", false)]
    [InlineData("git diff HEAD~1 -- src/a.cs", true)]
    [InlineData("git diff --stat --cached -U5 -M90%", true)]
    [InlineData("git diff --output=/tmp/x", false)]
    [InlineData("git diff --output /tmp/x", false)]
    [InlineData("git diff --outp=/tmp/x", false)]
    [InlineData("git diff \"--output=/tmp/x\"", false)]
    [InlineData("git diff --src-prefix -- --output=/tmp/x", false)]
    [InlineData("git diff --ext-diff", false)]
    [InlineData("git diff --ext", false)]
    [InlineData("git diff *", false)]
    [InlineData("git diff src/*.cs", true)]
    [InlineData("git log --oneline -20 --author='A B' main..next", true)]
    [InlineData("git log --format='%h %G?'", false)]
    [InlineData("git log --format %GS", false)]
    [InlineData("git log --show-signature", false)]
    [InlineData("git show stash@{0}", true)]
    [InlineData("git -c core.pager=evil log", false)]
    [InlineData("git -C /tmp/x status", false)]
    [InlineData("git --exec-path=/tmp status", false)]
    [InlineData("git grep -n foo", true)]
    [InlineData("git grep -nOevil foo", false)]
    [InlineData("git grep --open-files-in-pager=evil foo", false)]
    [InlineData("git branch -a -vv", true)]
    [InlineData("git branch --list 'w-*'", true)]
    [InlineData("git branch new", false)]
    [InlineData("git branch --list -D main", false)]
    [InlineData("git tag -v v1", false)]
    [InlineData("git remote show origin", false)]
    [InlineData("git remote -v", true)]
    [InlineData("git config --get user.name", true)]
    [InlineData("git config alias.x '!evil'", false)]
    [InlineData("git cat-file --textconv HEAD:x", false)]
    [InlineData("git push", false)]
    [InlineData("sort -rn -k2,2 a", true)]
    [InlineData("sort a -o b", false)]
    [InlineData("sort -no b a", false)]
    [InlineData("sort --compress-program=evil a", false)]
    [InlineData("sort --compress-prog=evil a", false)]
    [InlineData("rg -n 'a|b' src", true)]
    [InlineData("rg --pre=evil x", false)]
    [InlineData("rg --pre evil x", false)]
    [InlineData("rg -z x", false)]
    [InlineData("uniq -c in", true)]
    [InlineData("uniq in out", false)]
    [InlineData("tree -L 2", true)]
    [InlineData("tree -o out", false)]
    [InlineData("file -C -m x", false)]
    [InlineData("diff -u a b", true)]
    [InlineData("diff -l a b", false)]
    [InlineData("date +%s", true)]
    [InlineData("date -s 12:00", false)]
    [InlineData("date 010100002030", false)]
    [InlineData("env ls", false)]
    [InlineData("xargs ls", false)]
    [InlineData("awk 'BEGIN{system(\"x\")}'", false)]
    [InlineData("sed -i s/a/b/ x", false)]
    [InlineData("dotnet --version", true)]
    [InlineData("dotnet build", false)]
    [InlineData("cat *.md", true)]
    [InlineData("ls ~/x", true)]
    [InlineData("ls ~root", false)]
    public void What_a_star_covers_reads_and_does_nothing_else(string command, bool covered) =>
        Assert.Equal(covered, Covers("Bash", "*", new { command }));

    [Theory]
    [InlineData("touch ruled*", "touch ruled.txt", true)]
    [InlineData("touch ruled*", "touch ruled.txt other.txt", false)]
    [InlineData("touch ruled*", "touch ruled/../../x", false)]
    [InlineData("touch *", "touch -r /etc/passwd x", false)]
    [InlineData("mkdir -p *", "mkdir -p src/a", true)]
    [InlineData("mkdir *", "mkdir -m 777 x", false)]
    [InlineData("*", "touch x", false)]
    [InlineData("rm *", "rm x", false)]
    public void What_makes_something_is_covered_where_the_rule_names_it(string pattern, string command, bool covered) =>
        Assert.Equal(covered, Covers("Bash", pattern, new { command }));

    [Theory]
    [InlineData("/projects/shop/a.cs", true)]
    [InlineData("/projects/../etc/passwd", false)]
    [InlineData("/projects/shop/a.cs /etc/passwd", false)]
    [InlineData("'/projects/a b'", false)]
    [InlineData("/projects/x\"/..\"/../etc/passwd", false)]
    public void A_star_in_a_path_of_a_command_stays_in_that_path(string path, bool covered) =>
        Assert.Equal(covered, Covers("Bash", "cat /projects/*", new { command = $"cat {path}" }));

    [Theory]
    [InlineData("/projects/shop/src/a.cs", true)]
    [InlineData("/projects/other/a.cs", false)]
    [InlineData("/projects/shop/../../etc/passwd", false)]
    [InlineData("/projects/shop/..", false)]
    [InlineData("/projects/shop/a..b", true)]
    public void A_pattern_covers_no_path_that_climbs_out_of_its_folder(string path, bool covered)
    {
        const string pattern = "/projects/shop/*";
        Assert.Equal(covered, Covers("Write", pattern, new { file_path = path, content = "x" }));
        Assert.Equal(covered, Covers("Read", pattern, new { file_path = path, limit = 5 }));
        Assert.Equal(covered, Covers("Edit", pattern, new { file_path = path, old_string = "a", new_string = "b" }));
        Assert.Equal(covered, Covers("NotebookEdit", pattern, new { notebook_path = path, new_source = "x" }));
        Assert.Equal(covered, Covers("Grep", pattern, new { path, pattern = "../x" }));
        Assert.Equal(covered, Covers("Glob", pattern, new { path, pattern = "**/*.cs" }));
        Assert.Equal(covered, Covers("mcp__files__write", """{"file":"/projects/shop/*"}""", new { file = path }));
    }

    [Fact]
    public void The_tools_own_field_is_what_counts_and_no_other()
    {
        Assert.False(Covers("Write", "/projects/*", new { command = "/projects/x", file_path = "/etc/passwd", content = "" }));
        Assert.False(Covers("Bash", "ls*", new { command = "rm -rf x", path = "ls" }));
        Assert.False(Covers("NotebookEdit", "/projects/*", new { file_path = "/projects/x", notebook_path = "/etc/x" }));
        Assert.False(Covers("WebFetch", "https://docs.example/*", new { path = "https://docs.example/x", url = "https://evil.example/" }));
        Assert.False(Covers("Read", "*", new { path = "x" }));
    }

    [Theory]
    [InlineData("Bash", """{"command":"ls","dangerouslyDisableSandbox":true}""")]
    [InlineData("Bash", """{"command":"ls","command":"rm -rf x"}""")]
    [InlineData("Bash", """{"command":["ls"]}""")]
    [InlineData("Bash", """["ls"]""")]
    [InlineData("Read", """{"file_path":"/a","then":"/b"}""")]
    [InlineData("Grep", """{"path":"/a","pattern":"x","pre":"evil"}""")]
    public void A_field_that_is_not_known_to_be_harmless_is_asked_about(string tool, string input) =>
        Assert.False(new AllowRule(tool, "*").Covers(tool, JsonSerializer.Deserialize<JsonElement>(input)));

    [Theory]
    [InlineData("/etc/*")]
    [InlineData("~/.ssh/*")]
    [InlineData("../*")]
    [InlineData("{/etc,x}/*")]
    public void A_pattern_of_Glob_looks_nowhere_else(string pattern) =>
        Assert.False(Covers("Glob", "/projects/*", new { path = "/projects/x", pattern }));

    [Fact]
    public void A_search_in_the_sessions_own_folder_is_covered_by_a_star_alone()
    {
        Assert.True(Covers("Grep", "*", new { pattern = "x" }));
        Assert.False(Covers("Grep", "/projects/*", new { pattern = "x" }));
    }

    [Theory]
    [InlineData("https://docs.example/*", "https://docs.example/a/b?c=d", true)]
    [InlineData("https://docs.example/*", "https://docs.example/../x", false)]
    [InlineData("https://docs.example/*", "https://docs.example/%2e%2e/x", false)]
    [InlineData("https://docs.example*", "https://docs.example/x", true)]
    [InlineData("https://docs.example*", "https://docs.example.evil.example/x", false)]
    [InlineData("https://docs.example*", "https://docs.example@evil.example/x", false)]
    [InlineData("https://docs.example*", "https://docs.example:x@evil.example/", false)]
    [InlineData("https://docs.example*", "https://docs.example\\@evil.example/", false)]
    [InlineData("https://*.example/*", "https://docs.example/x", true)]
    [InlineData("https://*.example/*", "https://evil.test/x.example/", false)]
    [InlineData("https://*", "https://any.test/x", true)]
    [InlineData("https://*", "http://any.test/x", false)]
    public void An_address_stays_at_the_host_of_its_pattern(string pattern, string url, bool covered) =>
        Assert.Equal(covered, Covers("WebFetch", pattern, new { url, prompt = "what does it say?" }));

    [Fact]
    public void Of_a_tool_that_is_not_known_the_whole_input_counts()
    {
        const string pattern = """{"name":"*","kind":"note"}""";
        Assert.True(Covers("mcp__notes__add", pattern, new { name = "x", kind = "note" }));
        Assert.True(Covers("mcp__notes__add", "*", new { anything = 1 }));
        Assert.False(Covers("mcp__notes__add", pattern, new { name = "x", overwrite = "all", kind = "note" }));
        Assert.False(Covers("mcp__notes__add", """{"command":"ls*"}""", new { command = "ls", also = "rm" }));
    }

    private static bool Covers(string tool, string pattern, object input) =>
        new AllowRule(tool, pattern).Covers(tool, JsonSerializer.SerializeToElement(input));
}

using System.Text;
using Relay.Files;

namespace Relay.Agents.Connect;

/// <summary>Keeps a project's files with a token out of version control, by the work tree's own list .git/info/exclude. Above the lines
/// stands for which project each was added: several work trees of one repository share the list.</summary>
internal sealed class GitExclude
{
    private const string Mark = "# relay connect: ";
    private const int LargestList = 1024 * 1024, LargestLink = 4096;

    private readonly string _list;
    private readonly string _gitFolder;
    private readonly string _project;
    private readonly string _workTree;
    private readonly string _prefix;

    private GitExclude(string workTree, string gitFolder, string project)
    {
        _list = Path.Combine(CommonFolder(gitFolder), "info", "exclude");
        _gitFolder = gitFolder;
        _project = project;
        _workTree = workTree;
        var below = Path.GetRelativePath(workTree, project);
        _prefix = below == "." ? "" : below + "/";
    }

    /// <summary>Null when the folder is in no work tree, or in one whose repository does not know it.</summary>
    public static GitExclude? Of(string project)
    {
        for (var folder = project; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            var git = Path.Combine(folder, ".git");
            if (Directory.Exists(git))
                return File.Exists(Path.Combine(git, "HEAD")) ? new GitExclude(folder, git, project) : null;
            if (File.Exists(git))
                return Linked(git) is { } linked ? new GitExclude(folder, linked, project) : null;
        }
        return null;
    }

    /// <summary>A .git that leads to no repository which knows the folder, such as one made with --separate-git-dir: git may take it for
    /// one all the same.</summary>
    public static string? UnknownTo(string project)
    {
        for (var folder = project; folder is not null; folder = Path.GetDirectoryName(folder))
            if (Path.Combine(folder, ".git") is var git && Path.Exists(git))
                return Of(project) is null ? git : null;
        return null;
    }

    /// <summary>Whether the folder is the top of a repository's own work tree, and not of one that was added to it.</summary>
    public bool IsTopOfRepository => _prefix.Length == 0 && _list == Path.Combine(_project, ".git", "info", "exclude");

    /// <summary>A file that is under version control is committed whatever the list says.</summary>
    /// <exception cref="ConnectFault">It cannot be told.</exception>
    public bool Tracks(string file) => new GitIndex(_gitFolder, CommonFolder(_gitFolder)).Has(_prefix + file);

    /// <summary>The line of a .gitignore that has git take a file in whatever the list says; null where none does.</summary>
    public string? TakesIn(string file) => new GitIgnore(_workTree).TakesIn(_prefix + file);

    /// <param name="added">What is to be listed.</param>
    /// <param name="removed">What this project no longer needs there. A line that another work tree's project needs stays.</param>
    /// <exception cref="ConnectFault">The list cannot be read.</exception>
    public IEnumerable<PlannedFile> Plan(IReadOnlyList<string> added, IReadOnlyList<string> removed)
    {
        var lines = Lines();
        var before = lines.ToList();
        foreach (var pattern in removed.Select(PatternOf))
            Remove(lines, pattern);
        foreach (var pattern in added.Select(PatternOf))
            Add(lines, pattern);
        return lines.SequenceEqual(before) ? [] : [Planned(lines.Count == 0 ? null : Bytes(lines))];
    }

    private void Add(List<string> lines, string pattern)
    {
        var at = lines.IndexOf(pattern);
        var marks = MarksAbove(lines, at);
        if (at >= 0 && (marks == 0 || lines.GetRange(at - marks, marks).Contains(Mark + _project)))
            return; // It is the user's own, or ours already.
        if (at < 0)
            lines.AddRange([Mark + _project, pattern]);
        else
            lines.Insert(at, Mark + _project);
    }

    private void Remove(List<string> lines, string pattern)
    {
        var at = lines.IndexOf(pattern);
        var marks = MarksAbove(lines, at);
        if (marks == 0 || lines.IndexOf(Mark + _project, at - marks, marks) is not (>= 0 and var mine))
            return;
        if (marks == 1)
            lines.RemoveAt(at);
        lines.RemoveAt(mine);
    }

    private PlannedFile Planned(byte[]? content) => new(_list, content) { Within = Path.GetDirectoryName(Path.GetDirectoryName(_list)) };

    private static int MarksAbove(List<string> lines, int at)
    {
        var marks = 0;
        while (at >= 0 && at - marks - 1 >= 0 && lines[at - marks - 1].StartsWith(Mark, StringComparison.Ordinal))
            marks++;
        return marks;
    }

    private List<string> Lines() => BoundedFile.Read(_list, LargestList) switch
    {
        FileContent.Missing => [],
        FileContent.Bytes bytes when bytes.Content.Length == 0 => [],
        FileContent.Bytes bytes => [.. Encoding.Latin1.GetString(bytes.Content).TrimEnd('\n').Split('\n')],
        FileContent.Unreadable unreadable => throw new ConnectFault($"{_list}: {unreadable.Reason}; nothing was changed"),
        _ => throw new InvalidOperationException(),
    };

    /// <summary>Byte for byte what it was, whatever its encoding.</summary>
    private static byte[] Bytes(List<string> lines) => Encoding.Latin1.GetBytes(string.Join('\n', lines) + "\n");

    /// <summary>From the top of the work tree, with the signs quoted that mean something in a pattern.</summary>
    private string PatternOf(string file)
    {
        var path = _prefix + file;
        var pattern = new StringBuilder();
        foreach (var c in path)
            pattern.Append(c is '*' or '?' or '[' or '\\' or ' ' || (pattern.Length == 0 && c is '#' or '!') ? $"\\{c}" : c.ToString());
        return Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(pattern.ToString()));
    }

    /// <summary>The repository's folder that a file named .git points to, if that knows this work tree: a work tree of it, or a submodule
    /// within the repository above. Otherwise a cloned folder could have us write wherever it says.</summary>
    private static string? Linked(string file)
    {
        if (Line(file) is not { } line || !line.StartsWith("gitdir: ", StringComparison.Ordinal))
            return null;
        var workTree = Path.GetDirectoryName(file)!;
        var folder = Path.GetFullPath(line["gitdir: ".Length..], workTree);
        if (!File.Exists(Path.Combine(folder, "HEAD")))
            return null;
        var back = Line(Path.Combine(folder, "gitdir"));
        var isWorkTree = back is not null && Path.GetFullPath(back, folder) == file;
        return isWorkTree || IsSubmodule(folder, workTree) ? folder : null;
    }

    private static bool IsSubmodule(string folder, string workTree)
    {
        for (var above = Path.GetDirectoryName(workTree); above is not null; above = Path.GetDirectoryName(above))
            if (folder.StartsWith(Path.Combine(above, ".git", "modules") + "/", StringComparison.Ordinal))
                return true;
        return false;
    }

    private static string CommonFolder(string gitFolder) =>
        Line(Path.Combine(gitFolder, "commondir")) is { } common ? Path.GetFullPath(common, gitFolder) : gitFolder;

    private static string? Line(string file) =>
        BoundedFile.Read(file, LargestLink) is FileContent.Bytes bytes ? Encoding.UTF8.GetString(bytes.Content).Trim() : null;
}

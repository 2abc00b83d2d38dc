using System.Collections.Frozen;

namespace Relay.Configuration.Allowing;

/// <summary>What find may be told while it only looks: its tests, and the actions that print.</summary>
internal static class FindShape
{
    private static readonly FrozenSet<string> Alone = FrozenSet.Create(
        "!", "(", ")", ",", "-a", "-and", "-o", "-or", "-not", "-H", "-L", "-P", "-true", "-false", "-print", "-print0", "-prune", "-quit",
        "-ls", "-depth", "-d", "-xdev", "-mount", "-follow", "-daystart", "-empty", "-readable", "-writable", "-executable", "-nouser",
        "-nogroup", "-noleaf", "-warn", "-nowarn", "-ignore_readdir_race", "-noignore_readdir_race", "-E", "-x", "-s");

    private static readonly FrozenSet<string> WithArgument = FrozenSet.Create(
        "-name", "-iname", "-path", "-ipath", "-wholename", "-iwholename", "-regex", "-iregex", "-lname", "-ilname", "-type", "-xtype",
        "-maxdepth", "-mindepth", "-size", "-mtime", "-atime", "-ctime", "-mmin", "-amin", "-cmin", "-newer", "-anewer", "-cnewer",
        "-newermt", "-newerat", "-newerct", "-newermm", "-perm", "-user", "-group", "-uid", "-gid", "-links", "-inum", "-samefile",
        "-fstype", "-used", "-regextype", "-printf");

    public static bool Fits(IReadOnlyList<ShellWord> words)
    {
        for (var at = 1; at < words.Count; at++)
        {
            var word = words[at];
            if (word.MayBecomeAnOption)
                return false;
            if (WithArgument.Contains(word.Text))
            {
                if (++at < words.Count && words[at].IsGlob) // Several files in its place, and the second would be something else.
                    return false;
            }
            else if (word.Text.StartsWith('-') && !Alone.Contains(word.Text))
                return false;
        }
        return true;
    }
}

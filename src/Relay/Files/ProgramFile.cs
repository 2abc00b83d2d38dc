using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Finds the program that a name stands for, once, so that no folder which it is started in later decides about it.</summary>
internal static class ProgramFile
{
    private const int Executable = 0b001_001_001, WrittenByAnyone = 0b000_000_010, Sticky = 0b001_000_000_000;

    public abstract record Search
    {
        private Search() { }

        /// <param name="Path">Absolute.</param>
        public sealed record Found(string Path) : Search;

        public sealed record Nothing(string Reason) : Search;
    }

    /// <summary>By a name through PATH, of which only the absolute folders count, or by an absolute path.</summary>
    public static Search Find(string name) => Find(name, Environment.GetEnvironmentVariable("PATH") ?? "");

    /// <param name="name">Of the program.</param>
    /// <param name="searched">The folders, as PATH has them.</param>
    public static Search Find(string name, string searched)
    {
        if (name.Contains('/') && !Path.IsPathRooted(name))
            return new Search.Nothing($"{name} would be another program in another folder");
        var found = Candidates(name, searched).FirstOrDefault(path =>
            Posix.Stat(path) is { Kind: FileKind.Regular } facts && (facts.Mode & Executable) != 0);
        if (found is null)
            return new Search.Nothing(Path.IsPathRooted(name) ? $"there is no program {name}" : $"there is no program {name} in PATH");
        return WhyUnsafe(found) is { } reason ? new Search.Nothing(reason) : new Search.Found(found);
    }

    private static IEnumerable<string> Candidates(string name, string searched) => Path.IsPathRooted(name)
        ? [name]
        : from folder in searched.Split(':')
          where Path.IsPathRooted(folder)
          select Path.Combine(folder, name);

    /// <summary>Who else could put another program in its place: by its path, and by what a link in that leads to.</summary>
    private static string? WhyUnsafe(string program)
    {
        foreach (var path in (string[])[program, Posix.RealPath(program) ?? program])
            for (var each = path; each is not null; each = Path.GetDirectoryName(each))
            {
                if (Posix.Stat(each) is not { } facts)
                    continue;
                if (!Owners.IsOwnOrRoots(facts.Owner))
                    return $"{each} belongs to {Owners.Name(facts.Owner)}";
                if ((facts.Mode & WrittenByAnyone) != 0 && (facts.Kind == FileKind.Regular || (facts.Mode & Sticky) == 0))
                    return $"others may write to {each}";
            }
        return null;
    }
}

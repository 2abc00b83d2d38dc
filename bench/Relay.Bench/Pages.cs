using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Relay.Bench;

/// <summary>The pages a turn writes, read from the WAL's frames and named by dbstat: by table and index, and the commits.</summary>
internal static class Pages
{
    private const int WarmUp = 500, Turns = 200, Waiting = 20;
    private static readonly IReadOnlyList<string> Speakers = Bed.Speakers("one", 5);

    /// <summary>Pages a turn by the name of their table or index; null where they cannot be named.</summary>
    private sealed record Written(double Pages, double Commits, IReadOnlyList<(string Name, double Pages)>? Named);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var duel = await Duel.StartAsync(Speakers, cancellationToken);
        var relay = await ReadAsync(duel.Relay, duel.Relay.Bed.Home.Paths.DatabaseFile, cancellationToken);
        var floor = await ReadAsync(duel.Floor, FloorProgram.DatabaseIn(duel.Floor.Bed.Home.Paths.Root), cancellationToken);
        return
        [
            new Figure("pages written a turn", relay.Pages, "").Against(Yardstick.Floor(floor.Pages)).AtMost(20),
            new Figure("commits a turn", relay.Commits, "").Against(Yardstick.Floor(floor.Commits)).AtMost(3),
            .. relay.Named is { } named
                ? named.Select(each => new Figure($"pages written a turn: {each.Name}", each.Pages, ""))
                : [Figure.NotMeasured("pages written a turn by table", "there is no sqlite3 with dbstat here (apt-get install sqlite3)")],
        ];
    }

    private static async Task<Written> ReadAsync(Contender contender, string database, CancellationToken cancellationToken)
    {
        await contender.RunAsync(Speakers, Waiting, WarmUp, cancellationToken);
        using var log = new WriteAheadLog(database);
        var before = contender.Bed.Api.Count;
        await contender.RunAsync(Speakers, Waiting, Turns, cancellationToken);
        double turns = contender.Bed.Api.Count - before;
        var frames = log.Appended();
        var names = await NamesAsync(database, cancellationToken);
        var commits = frames.Count(frame => frame.EndsCommit);
        return new Written(frames.Count / turns, commits / turns, names is null ? null : Name(frames, names, turns));
    }

    private static List<(string Name, double Pages)> Name(List<WriteAheadLog.Frame> frames, Dictionary<uint, string> names, double turns) =>
        frames.CountBy(frame => names.GetValueOrDefault(frame.Page, "(free by now)"))
            .OrderByDescending(each => each.Value)
            .Select(each => (each.Key, each.Value / turns))
            .ToList();

    /// <summary>What each page is part of, by Debian's sqlite3: the library that the programs bring along is built without
    /// dbstat.</summary>
    private static async Task<Dictionary<uint, string>?> NamesAsync(string database, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("sqlite3", ["-readonly", database, "SELECT pageno, name FROM dbstat"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var sqlite = Process.Start(start)!;
            var lines = await sqlite.StandardOutput.ReadToEndAsync(cancellationToken);
            await sqlite.WaitForExitAsync(cancellationToken);
            return sqlite.ExitCode != 0 ? null : lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split('|', 2))
                .ToDictionary(pair => uint.Parse(pair[0], CultureInfo.InvariantCulture), pair => pair[1]);
        }
        catch (Win32Exception)
        {
            return null; // It is not installed.
        }
    }
}

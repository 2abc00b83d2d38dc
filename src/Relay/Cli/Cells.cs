using System.Globalization;
using Spectre.Console;

namespace Relay.Cli;

/// <summary>Text measured in the columns that a terminal gives it.</summary>
internal static class Cells
{
    private const int Narrowest = 16, TabStop = 8;

    /// <summary>A line in parts that fit, broken at blanks where there are any.</summary>
    /// <param name="line">One line.</param>
    /// <param name="first">How much room the first part has.</param>
    /// <param name="others">How much the others have.</param>
    public static IEnumerable<string> Folded(string line, int first, int others)
    {
        var room = Math.Max(first, Narrowest);
        while (Fitting(line, room) is var end && end < line.Length)
        {
            var space = line.LastIndexOf(' ', end);
            var isWord = space > 0 && line.AsSpan(0, space).ContainsAnyExcept(' ');
            yield return isWord ? line[..space] : line[..end];
            line = isWord ? line[(space + 1)..] : line[end..];
            room = Math.Max(others, Narrowest);
        }
        yield return line;
    }

    /// <summary>The beginning that fits, with "…" where there is more.</summary>
    public static string Cut(string line, int room)
    {
        if (room <= 0)
            return "";
        return Fitting(line, room) is var whole && whole >= line.Length && line.GetCellWidth() <= room
            ? line
            : line[..FittingOrNone(line, room - 1)] + "…";
    }

    /// <summary>The end that fits, with "…" where there is more before it.</summary>
    public static string End(string line, int room)
    {
        var start = Math.Max(0, line.Length - Narrowest * Math.Max(room, 1)); // No sign of one column is longer than this.
        if (start == 0 && line.GetCellWidth() <= room)
            return line;
        while (start < line.Length && line[start..].GetCellWidth() > room - 1)
            start += StringInfo.GetNextTextElementLength(line.AsSpan(start));
        return "…" + line[start..];
    }

    private static int FittingOrNone(string line, int room) =>
        room > 0 && Fitting(line, room) is var end && line[..end].GetCellWidth() <= room ? end : 0;

    private static int Fitting(string line, int room)
    {
        var end = 0;
        while (end < line.Length)
        {
            var isPlain = line[end] is >= ' ' and <= '~' && (end + 1 == line.Length || line[end + 1] <= '~'); // Nothing joins it.
            var length = isPlain ? 1 : StringInfo.GetNextTextElementLength(line.AsSpan(end));
            room -= isPlain ? 1 : line[end] == '\t' ? TabStop : line.Substring(end, length).GetCellWidth();
            if (room < 0)
                return Math.Max(end, length);
            end += length;
        }
        return end;
    }
}

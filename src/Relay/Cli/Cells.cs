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

    private static int Fitting(string line, int room)
    {
        var end = 0;
        while (end < line.Length)
        {
            var length = StringInfo.GetNextTextElementLength(line.AsSpan(end));
            room -= line[end] == '\t' ? TabStop : line.Substring(end, length).GetCellWidth();
            if (room < 0)
                return Math.Max(end, length);
            end += length;
        }
        return end;
    }
}

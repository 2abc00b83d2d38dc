using System.Globalization;
using System.Text.RegularExpressions;
using Relay.Texts;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace Relay.Telemetry;

/// <summary>A record is one line, whatever its fields hold and whatever has failed: what could break it, or forge another, stands in it as
/// its code. An exception is told by its kinds and messages, from the outermost to the cause, and where the cause was thrown.</summary>
internal sealed partial class LogLine : ITextFormatter
{
    private const int LongestMessage = 1_000, MostCauses = 8, MostFrames = 12;

    private static readonly MessageTemplateTextFormatter Start =
        new("{Timestamp:yyyy-MM-dd HH:mm:ss.fff} {Level:u3} {SourceContext}: {Message:lj}", CultureInfo.InvariantCulture);

    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var line = new StringWriter(CultureInfo.InvariantCulture);
        Start.Format(logEvent, line);
        if (logEvent.Exception is { } exception)
            line.Write(Told(exception));
        output.WriteLine(Visible.OneLine(line.ToString()));
    }

    private static string Told(Exception exception)
    {
        var causes = new List<Exception>();
        for (var cause = exception; cause is not null && causes.Count < MostCauses; cause = cause.InnerException)
            causes.Add(cause);
        var words = causes.Select(cause => $"{cause.GetType().FullName}: {Excerpt.Of(cause.Message.Trim(), LongestMessage)}");
        var frames = Frames(causes[^1]).Concat(causes.Count > 1 ? Frames(exception) : []).Distinct().Take(MostFrames).ToList();
        return $" | {string.Join(" <- ", words)}{(frames.Count == 0 ? "" : $" | at {string.Join(" < ", frames)}")}";
    }

    /// <summary>Without the parameters, and of a file its name alone.</summary>
    private static IEnumerable<string> Frames(Exception exception) =>
        (exception.StackTrace ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(frame => frame.StartsWith("at ", StringComparison.Ordinal))
            .Select(frame => Frame().Replace(frame[3..], ""));

    [GeneratedRegex(@"\(.*\)(?= in |\z)|(?<= in ).*[/\\](?=[^/\\]*:line )")]
    private static partial Regex Frame();
}

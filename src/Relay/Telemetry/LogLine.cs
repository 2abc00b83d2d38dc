using System.Globalization;
using Relay.Texts;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace Relay.Telemetry;

/// <summary>A record is one line, whatever its fields hold: what could break it, or forge another, stands in it as its code. Only an
/// exception takes more lines, each of them indented.</summary>
internal sealed class LogLine : ITextFormatter
{
    private const string Indent = "   ";
    private static readonly MessageTemplateTextFormatter Start =
        new("{Timestamp:yyyy-MM-dd HH:mm:ss.fff} {Level:u3} {SourceContext}: {Message:lj}", CultureInfo.InvariantCulture);

    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var line = new StringWriter(CultureInfo.InvariantCulture);
        Start.Format(logEvent, line);
        output.WriteLine(Visible.OneLine(line.ToString()));
        if (logEvent.Exception is not { } exception)
            return;
        foreach (var each in exception.ToString().ReplaceLineEndings("\n").Split('\n'))
            output.WriteLine(Indent + Visible.OneLine(each));
    }
}

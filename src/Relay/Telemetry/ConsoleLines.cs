using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace Relay.Telemetry;

/// <summary>The console's log. It goes past the runtime's console, which would send a terminal sequences of its own.</summary>
internal sealed class ConsoleLines(TextWriter output, ITextFormatter formatter) : ILogEventSink
{
    private readonly Lock _oneAtATime = new();

    public void Emit(LogEvent logEvent)
    {
        using var line = new StringWriter(System.Globalization.CultureInfo.InvariantCulture);
        formatter.Format(logEvent, line);
        lock (_oneAtATime)
        {
            output.Write(line.ToString());
            output.Flush();
        }
    }
}

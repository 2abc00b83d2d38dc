using Relay.Telemetry;
using Relay.Texts;
using Serilog;
using Serilog.Events;
using Xunit;

namespace Relay.Tests.Telemetry;

public sealed class LogLineTests : IDisposable
{
    private const string Forged = "x\n2026-11-26 05:00:00.000 ERR Forged: all is lost\r\u0085\u2028\u2029\u001b[2J\u202e\v\f";

    private readonly StringWriter _written = new();
    private readonly ILogger _log;

    public LogLineTests() => _log = new LoggerConfiguration().WriteTo.Sink(new ConsoleLines(_written, new LogLine())).CreateLogger();

    public void Dispose() => _written.Dispose();

    [Fact]
    public void A_record_is_one_line_whatever_its_fields_hold()
    {
        _log.ForContext("SourceContext", Forged)
            .Information("Hook {Event} of {Names} and {@Whole}", Forged, new[] { Forged }, new { Forged });

        var lines = Lines();
        Assert.Matches(@"\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INF x\\u000a2026.* Hook x\\u000a2026", Assert.Single(lines));
        Assert.DoesNotContain(lines[0].EnumerateRunes(), Visible.IsHidden);
    }

    [Fact]
    public void An_exception_is_whole_and_none_of_its_lines_begins_as_a_record_does()
    {
        try
        {
            throw new InvalidOperationException(Forged, new IOException(Forged));
        }
        catch (InvalidOperationException exception)
        {
            _log.Write(LogEventLevel.Error, exception, "It failed");
        }

        var lines = Lines();
        Assert.EndsWith("It failed", lines[0], StringComparison.Ordinal);
        Assert.All(lines[1..], line => Assert.StartsWith("   ", line, StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains(nameof(LogLineTests), StringComparison.Ordinal)); // The stack is there.
        Assert.DoesNotContain(lines.SelectMany(line => line.EnumerateRunes()), Visible.IsHidden);
    }

    private List<string> Lines() => [.. _written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
}

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
    public void An_exception_stands_in_the_line_with_its_causes_and_its_stack()
    {
        try
        {
            try
            {
                throw new IOException("the cause " + Forged);
            }
            catch (IOException cause)
            {
                throw new InvalidOperationException(Forged, cause);
            }
        }
        catch (InvalidOperationException exception)
        {
            _log.Write(LogEventLevel.Error, exception, "It failed");
        }

        var line = Assert.Single(Lines());
        Assert.Contains(@"It failed | System.InvalidOperationException: x\u000a2026", line, StringComparison.Ordinal);
        Assert.Contains("<- System.IO.IOException: the cause x", line, StringComparison.Ordinal);
        Assert.Matches(@"\| at Relay\.Tests\.Telemetry\.LogLineTests\.\w+ in LogLineTests\.cs:line \d+", line);
        Assert.DoesNotContain(line.EnumerateRunes(), Visible.IsHidden);
    }

    [Fact]
    public void A_long_message_of_an_exception_is_cut_and_one_without_a_stack_is_told_too()
    {
        _log.Write(LogEventLevel.Error, new IOException(new string('x', 100_000)), "It failed");

        Assert.InRange(Assert.Single(Lines()).Length, 1_000, 1_200);
    }

    private List<string> Lines() => [.. _written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
}

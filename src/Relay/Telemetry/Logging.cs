using System.Text.Json;
using ModelContextProtocol;
using Relay.Configuration;
using Relay.Files.Platform;
using Serilog;
using Serilog.Events;

namespace Relay.Telemetry;

/// <summary>Logs go to logs/relay.log, of which only the newest files are kept, and to the console.
/// No log line contains the text of a message or a secret.</summary>
internal static class Logging
{
    private const long LongestFile = 10 * 1024 * 1024;
    private const int Files = 5;

    /// <summary>With the setting "quiet", nothing is logged to the console. The demo uses it, because it prints its own lines.</summary>
    public static void AddRelayLogging(this WebApplicationBuilder builder, RelayHome home)
    {
        var quiet = builder.Configuration["quiet"] == "true";
        var logger = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("ModelContextProtocol", LogEventLevel.Warning)
            .MinimumLevel.Override("System", LogEventLevel.Warning)
            .Filter.ByExcluding(IsFaultOfCaller)
            .Filter.ByExcluding(IsOfClosedCall)
            .WriteTo.File(
                new LogLine(), home.LogFile, fileSizeLimitBytes: LongestFile, rollOnFileSizeLimit: true,
                retainedFileCountLimit: Files, shared: false)
            .WriteTo.Conditional(_ => !quiet, to => to.Sink(new ConsoleLines(Output(), new LogLine())))
            .CreateLogger();
        builder.Services.AddLogging(logging => logging.AddSerilog(logger, dispose: true));
    }

    /// <summary>What the SDK of MCP refuses, it answers to its client with the reason. Here it would be an error of the relay, with a
    /// stack, twice, in words that the client chose.</summary>
    private static bool IsFaultOfCaller(LogEvent logged) =>
        logged.Exception is McpException or JsonException && IsOfMcp(logged);

    /// <summary>A client that closes a call was interrupted by its user: that is no fault of anybody.</summary>
    private static bool IsOfClosedCall(LogEvent logged) =>
        logged is { Level: LogEventLevel.Warning, Exception: OperationCanceledException or { InnerException: OperationCanceledException } }
        && IsOfMcp(logged);

    private static bool IsOfMcp(LogEvent logged) =>
        logged.Properties.GetValueOrDefault("SourceContext") is ScalarValue { Value: string source }
        && source.StartsWith("ModelContextProtocol", StringComparison.Ordinal);

    private static StreamWriter Output() => new(new StandardStream(StandardStream.Output));
}

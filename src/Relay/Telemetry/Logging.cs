using System.Globalization;
using Relay.Configuration;
using Serilog;
using Serilog.Events;

namespace Relay.Telemetry;

/// <summary>Logs go to logs/relay.log, of which only the newest files are kept, and to the console.
/// No log line contains the text of a message or a secret.</summary>
internal static class Logging
{
    private const string Line = "{Timestamp:yyyy-MM-dd HH:mm:ss.fff} {Level:u3} {SourceContext}: {Message:lj}{NewLine}{Exception}";
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
            .WriteTo.File(
                home.LogFile, outputTemplate: Line, formatProvider: CultureInfo.InvariantCulture,
                fileSizeLimitBytes: LongestFile, rollOnFileSizeLimit: true, retainedFileCountLimit: Files, shared: false)
            .WriteTo.Conditional(_ => !quiet, to => to.Console(outputTemplate: Line, formatProvider: CultureInfo.InvariantCulture))
            .CreateLogger();
        builder.Services.AddLogging(logging => logging.AddSerilog(logger, dispose: true));
    }
}

using System.Globalization;
using Serilog;
using Serilog.Events;
using Relay.Configuration;
using Relay.Conversations;

namespace Relay.Telemetry;

/// <summary>logs/relay.log, rolling and bounded, and the console. Neither gets content or secrets: no log line has any.</summary>
internal static class Logging
{
    private const string Line = "{Timestamp:yyyy-MM-dd HH:mm:ss.fff} {Level:u3} {SourceContext}: {Message:lj}{NewLine}{Exception}";
    private const long LongestFile = 10 * 1024 * 1024;
    private const int Files = 5;

    /// <summary>The console stays silent where the command itself speaks to it.</summary>
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

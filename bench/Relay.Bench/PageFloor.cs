using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Relay.Bench;

/// <summary>A bare Kestrel in a process of its own that sends files from memory: this program again, by a hidden argument.</summary>
internal sealed class PageFloor : IAsyncDisposable
{
    public const string Name = "page-floor-process";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly Process _process;
    private readonly string _files;

    private PageFloor(Process process, string files, Uri url)
    {
        _process = process;
        _files = files;
        Url = url;
    }

    public Uri Url { get; }

    public static async Task<PageFloor> StartAsync(IReadOnlyList<PageFile> files, CancellationToken cancellationToken)
    {
        var kept = Path.GetTempFileName();
        await File.WriteAllBytesAsync(kept, JsonSerializer.SerializeToUtf8Bytes(files), cancellationToken);
        var start = new ProcessStartInfo(Environment.ProcessPath!, [Name, kept])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        var url = await process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(Limit, cancellationToken);
        return new PageFloor(process, kept, new Uri(url!));
    }

    /// <summary>The process itself: it serves until its input ends.</summary>
    public static async Task<int> RunAsync(string file)
    {
        var files = JsonSerializer.Deserialize<List<PageFile>>(await File.ReadAllBytesAsync(file))!
            .ToDictionary(each => each.Path, StringComparer.Ordinal);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        await using var host = builder.Build();
        host.Run(async context =>
        {
            var found = files[context.Request.Path + context.Request.QueryString];
            context.Response.ContentType = found.Type;
            context.Response.ContentLength = found.Content.Length;
            await context.Response.Body.WriteAsync(found.Content, context.RequestAborted);
        });
        await host.StartAsync();
        Console.WriteLine(host.Urls.Single());
        await Console.In.ReadToEndAsync();
        await host.StopAsync();
        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(Limit);
        _process.Dispose();
        File.Delete(_files);
    }
}

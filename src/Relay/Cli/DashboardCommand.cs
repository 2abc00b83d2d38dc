using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using QRCoder;
using Relay.Configuration;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Cli;

/// <summary>relay dashboard: lets a browser in to the operator's page, by a link that works once; lists those that were let in, and takes
/// that back.</summary>
internal static class DashboardCommand
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private static readonly IReadOnlyList<Column> Columns =
        [new("id"), new("last used"), new("signed in") { Rank = 3 }, new("from") { Rank = 2 }, new("browser") { Rank = 1 }];

    public static Command Create(CommandContext context)
    {
        var print = new Option<bool>("--print") { Description = "only print the link and its QR code" };
        var sessions = new Option<bool>("--sessions") { Description = "list the browsers that are signed in" };
        var revoke = new Option<string?>("--revoke") { Description = "sign a browser out", HelpName = "ID" };
        var json = CommonOptions.Json();
        var command = new Command("dashboard", "open the operator's page with a link that works once") { print, sessions, revoke, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var settings = context.Settings(parse);
            using var daemon = new DaemonClient(settings, TimeProvider.System);
            var isJson = parse.GetValue(json);
            if (parse.GetValue(revoke) is { } id)
                return await RevokeAsync(context, daemon, id, isJson, cancellationToken);
            if (parse.GetValue(sessions))
                return await ListAsync(context, daemon, isJson, cancellationToken);
            return await OpenAsync(context, daemon, settings.Current, parse.GetValue(print), isJson, cancellationToken);
        });
        return command;
    }

    private static async Task<int> OpenAsync(
        CommandContext context, DaemonClient daemon, Settings settings, bool onlyPrint, bool json, CancellationToken cancellationToken)
    {
        var made = await LinkAsync(daemon, settings, cancellationToken);
        if (json)
        {
            context.WriteJson(made);
            return ExitCode.Done;
        }
        var link = made.Url;
        context.Output.WriteLine(link);
        context.Output.WriteLine("It lets one browser in, once, within ten minutes.");
        if (new Uri(link).IsLoopback)
            context.Output.WriteLine("Only this machine reaches it; for a phone, set public_url in config.yaml.");
        WriteCode(context, link);
        if (!onlyPrint)
            Open(settings.Home, link);
        return ExitCode.Done;
    }

    /// <summary>A new link that works once.</summary>
    public static async Task<DashboardLink> LinkAsync(DaemonClient daemon, Settings settings, CancellationToken cancellationToken)
    {
        var made = DaemonClient.BodyOf(await daemon.PostAsync("/sign-ins", new { }, Timeout, cancellationToken));
        var start = settings.Config.PublicUrl?.GetLeftPart(UriPartial.Authority) ?? RelayAddress.Of(settings.Home, settings.Config)
            ?? throw DaemonClient.NotRunning();
        return new DashboardLink(start + made.GetProperty("path").GetString(), made.GetProperty("lasts_seconds").GetInt64());
    }

    /// <summary>Dark on light: with colours where there are any, else light is what is drawn, as most terminals are dark.</summary>
    private static void WriteCode(CommandContext context, string link)
    {
        using var generator = new QRCodeGenerator();
        using var data = generator.CreateQrCode(link, QRCodeGenerator.ECCLevel.L);
        using var code = new AsciiQRCode(data);
        foreach (var line in code.GetGraphicSmall(drawQuietZones: true, invert: !context.IsOutputRich).Split('\n'))
            context.RawOutput.WriteLine(context.IsOutputRich ? $"\e[30;107m{line}\e[0m" : line);
    }

    /// <summary>By way of a file for its owner alone: everybody on the machine sees what programs are started with.</summary>
    private static void Open(RelayHome home, string link)
    {
        var page = $"<!DOCTYPE html><meta charset=utf-8><meta http-equiv=refresh content=\"0;url={HtmlEncoder.Default.Encode(link)}\">";
        DurableFile.Replace(home.OpeningPage, System.Text.Encoding.UTF8.GetBytes(page));
        try
        {
            var opener = new ProcessStartInfo(OperatingSystem.IsMacOS() ? "open" : "xdg-open", [home.OpeningPage])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = FileModes.AsStarted(() => Process.Start(opener));
        }
        catch (Win32Exception)
        {
            // There is no such program here: the link is printed.
        }
    }

    private static async Task<int> ListAsync(CommandContext context, DaemonClient daemon, bool json, CancellationToken cancellationToken)
    {
        var found = DaemonClient.BodyOf(await daemon.GetAsync("/sign-ins", Timeout, cancellationToken));
        if (json)
            context.WriteJson(found);
        else if (found.GetArrayLength() == 0)
            context.Output.WriteLine("no browser is signed in");
        else
            context.WriteTable(Columns, found.EnumerateArray().Select(Row).ToList());
        return ExitCode.Done;
    }

    private static IReadOnlyList<string> Row(JsonElement each) =>
    [
        each.GetProperty("id").GetString()!, Printing.Time(each.GetProperty("last_used_at").GetDateTimeOffset()),
        Printing.Time(each.GetProperty("made_at").GetDateTimeOffset()), each.GetProperty("from").GetString()!,
        each.GetProperty("browser").GetString()!,
    ];

    private static async Task<int> RevokeAsync(
        CommandContext context, DaemonClient daemon, string id, bool json, CancellationToken cancellationToken)
    {
        var path = $"/sign-ins/{Uri.EscapeDataString(id)}/revoke";
        var revoked = DaemonClient.BodyOf(await daemon.PostAsync(path, new { }, Timeout, cancellationToken));
        if (json)
            context.WriteJson(revoked);
        else
            context.Output.WriteLine($"{id} is signed out");
        return ExitCode.Done;
    }
}

/// <summary>What lets one browser in, and for how long it does.</summary>
internal sealed record DashboardLink(string Url, long LastsSeconds);

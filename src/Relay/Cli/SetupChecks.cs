using System.Text;
using System.Text.Json;
using Relay.Configuration;
using Relay.Costs;
using Relay.Files;
using Relay.Http;

namespace Relay.Cli;

/// <summary>What doctor checks of the settings themselves: where the relay listens, its model, and what was rejected meanwhile.</summary>
internal sealed class SetupChecks(Settings settings, TimeProvider clock)
{
    private const string ListenName = "listen", ModelName = "model", PriceName = "price", RejectedName = "rejected";
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(10);

    public async Task<List<Finding>> RunAsync(CancellationToken cancellationToken) =>
        [Listen(), await ModelAsync(cancellationToken), Price(), Rejected()];

    private Finding Listen()
    {
        var listen = settings.Config.Listen;
        var isRunning = InstanceLock.RunningProcess(settings.Home.LockFile) is not null;
        if (!isRunning && Listening.WhyNot(listen) is { } fault)
            return Finding.Fault(
                ListenName, fault, $"choose another with listen: in {settings.Home.ConfigFile}, or stop the other program");
        if (listen.Openness is not { } openness)
            return Finding.Ok(ListenName, $"{listen}, for this machine alone");
        return listen.Tls is not null
            ? Finding.Ok(ListenName, openness)
            : Finding.Warning(ListenName, $"{openness}, in plain HTTP", $"let only the proxy reach port {listen.Port}, as by a firewall");
    }

    /// <summary>By the API's own list, which costs nothing. A gateway that lists nothing says nothing of the model.</summary>
    private async Task<Finding> ModelAsync(CancellationToken cancellationToken)
    {
        var model = settings.Config.Model;
        if (settings.Config.Advisor == AdvisorKind.Simulated)
            return Finding.Skipped(ModelName, "advisor: simulated has none");
        var known = settings.Secrets.ApiKey is { } key ? await ModelsAsync(key, cancellationToken) : [];
        if (known.Count == 0)
            return Finding.Skipped(ModelName, $"{model}; there is no list to look it up in");
        if (known.Exists(id => id == model || id.StartsWith(model + "-", StringComparison.Ordinal)))
            return Finding.Ok(ModelName, $"{model}, which the API lists");
        var nearest = NearestName.Of(model, known) ?? known[0];
        return Finding.Fault(
            ModelName, $"the API does not list {model}", $"correct model: in {settings.Home.ConfigFile}, perhaps to {nearest}");
    }

    /// <summary>Empty where they cannot be listed whole; why is told by the check of the API.</summary>
    private async Task<List<string>> ModelsAsync(string key, CancellationToken cancellationToken)
    {
        using var http = Outgoing.Client();
        using var late = new CancellationTokenSource(ResponseTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        using var request = new HttpRequestMessage(
            HttpMethod.Get, settings.Secrets.BaseUrl.ToString().TrimEnd('/') + "/v1/models?limit=1000");
        request.Headers.Add("anthropic-version", "2023-06-01");
        request.Headers.Add("x-api-key", key);
        try
        {
            var (answer, body) = await http.FetchAsync(request, Outgoing.LongestList, either.Token);
            using var response = answer;
            if (!response.IsSuccessStatusCode)
                return [];
            using var list = JsonDocument.Parse(body);
            var isCut = list.RootElement.TryGetProperty("has_more", out var more) && more.ValueKind == JsonValueKind.True;
            var listed = list.RootElement.GetProperty("data").EnumerateArray().Select(each => each.GetProperty("id").GetString()!);
            return isCut ? [] : [.. listed];
        }
        catch (Exception exception) when (
            exception is HttpRequestException or IOException or JsonException or KeyNotFoundException or InvalidOperationException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return [];
        }
    }

    /// <summary>Without a price the cost is unknown; under a cap nothing is asked then.</summary>
    private Finding Price()
    {
        if (settings.Config.Advisor == AdvisorKind.Simulated)
            return Finding.Skipped(PriceName, "advisor: simulated costs nothing");
        var model = settings.Config.Model;
        var fix = $"give its price in {settings.Home.PricesFile}, or choose another model";
        try
        {
            if (PriceTable.Load(settings.Home.PricesFile).Find(model, clock.GetUtcNow()) is { } price)
                return Finding.Ok(
                    PriceName,
                    FormattableString.Invariant($"{model}: {price.Rates.Input} USD a million tokens in, {price.Rates.Output} out"));
        }
        catch (InvalidDataException exception)
        {
            return Finding.Fault(PriceName, exception.Message, "correct or remove the file");
        }
        return settings.Config.Budget is { PerDayUsd: null, PerMonthUsd: null }
            ? Finding.Warning(PriceName, $"{model} has no known price: what it costs is shown as unknown", fix)
            : Finding.Fault(PriceName, $"{model} has no known price, and under a budget nothing is asked without one", fix);
    }

    private Finding Rejected()
    {
        var folder = settings.Home.Rejected;
        var names = RejectedFolder.Names(folder);
        if (names.Count == 0)
            return Finding.Ok(RejectedName, "no envelope was rejected");
        var newest = names.MaxBy(name => File.GetLastWriteTimeUtc(RejectedFolder.ReasonFile(folder, name)))!;
        var whole = RejectedFolder.NameOf(folder, newest);
        return Finding.Warning(
            RejectedName,
            $"{Printing.Many(names.Count, "envelope")}, the newest {whole}: {Reason(RejectedFolder.ReasonFile(folder, newest))}",
            $"correct what is worth it and put it into queue again; then empty {folder}");
    }

    private static string Reason(string file) => BoundedFile.ReadState(file) switch
    {
        FileContent.Bytes bytes => Encoding.UTF8.GetString(bytes.Content).Trim(),
        FileContent.Unreadable unreadable => unreadable.Reason,
        _ => "its reason is gone",
    };
}

using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>The operator's page with 10,000 messages, 200 sessions, 500 rulings and some open questions: how long a browser takes to have
/// all of it, each file by its own request, beside a bare server that sends the same bytes; and what it weighs.</summary>
internal static partial class NowPage
{
    private const int Messages = 10_000, Sessions = 200, Rulings = 500, WarmUp = 30, Rounds = 200, Limit = 100, MostBytes = 60_000;

    private static readonly string[] Asking = ["default", "one", "two"];

    private static readonly IReadOnlyList<string> Speakers =
        [.. Asking.SelectMany(conversation => Bed.Speakers(conversation, Sessions / Asking.Length + 1)).Take(Sessions)];

    private static readonly string Ruling =
        string.Concat(Enumerable.Repeat("Merge them and keep the older owner, but write down what was merged. ", 4)).Trim();

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var bed = await Bed.MakeAsync(Speakers);
        await FillAsync(bed, cancellationToken);
        await using var relay = await RelayProcess.StartAsync(bed.Home, cancellationToken);
        await AskAsync(bed, cancellationToken);
        using var browser = new Browser(relay.Url, ScenarioHome.OperatorToken);
        var files = await browser.LoadAsync(cancellationToken);
        await CheckAsync(bed, files, cancellationToken);
        await using var floor = await PageFloor.StartAsync(files, cancellationToken);
        using var other = new Browser(floor.Url, token: null);
        for (var round = 0; round < WarmUp; round++)
        {
            await browser.LoadAsync(cancellationToken);
            await other.LoadAsync(cancellationToken);
        }
        var (full, bare, page) = (new Samples(), new Samples(), new Samples());
        for (var round = 0; round < Rounds; round++)
        {
            await browser.LoadAsync(cancellationToken, full, page);
            await other.LoadAsync(cancellationToken, bare);
        }
        return
        [
            new Figure("Now page, 10,000 messages, complete, p50", full.Median, "ms")
                .Against(Yardstick.Floor(bare.Median)).AtMost(Limit),
            new Figure("Now page, 10,000 messages, complete, p95", full.Percentile95, "ms")
                .Against(Yardstick.Floor(bare.Percentile95)).AtMost(Limit),
            new Figure("Now page, the page alone, p50", page.Median, "ms"),
            new Figure("Now page, complete, the first after the start", browser.First, "ms")
                .Against(Yardstick.Floor(other.First)).AtMost(Limit),
            .. Weights(files),
        ];
    }

    /// <summary>Nothing is compressed on its way, though the browser takes it: what it would weigh is told beside it.</summary>
    private static IEnumerable<Figure> Weights(IReadOnlyList<PageFile> files)
    {
        yield return new Figure("Now page, weight as sent, with script and style", files.Sum(file => file.Sent) / 1000.0, "kB")
            .AtMost(MostBytes / 1000.0);
        yield return new Figure("Now page, weight, the page alone", files[0].Sent / 1000.0, "kB");
        var compressed = files.Sum(file => Compressed(file.Content));
        yield return new Figure("Now page, weight if it were compressed (gzip)", compressed / 1000.0, "kB");
    }

    private static long Compressed(byte[] content)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(content);
        return target.Length;
    }

    /// <summary>Copies of one finished message and of one ruling.</summary>
    private static async Task FillAsync(Bed bed, CancellationToken cancellationToken)
    {
        await using (var relay = await Contender.RelayAsync(bed, cancellationToken))
        {
            await relay.RunAsync(Speakers, waiting: 1, turns: 5, cancellationToken);
            await FilledStore.FinishedAsync(bed.Home.Paths.DatabaseFile, cancellationToken);
        }
        FilledStore.AddFinishedMessages(bed.Home.Paths.DatabaseFile, Messages);
        await using (var relay = await Contender.RelayAsync(bed, cancellationToken))
        {
            bed.Api.AnswerWith("[NEEDS-JC] Which of the two?");
            bed.Home.Drop(Speakers[0], "Shall I go on?");
            await OpenAsync(bed, 1, cancellationToken);
            bed.Api.AnswerWith("Yes, do it");
            bed.Home.TrySay(Ruling);
            await OpenAsync(bed, 0, cancellationToken);
            await FilledStore.FinishedAsync(bed.Home.Paths.DatabaseFile, cancellationToken);
        }
        FilledStore.AddRulings(bed.Home.Paths.DatabaseFile, Rulings);
    }

    /// <summary>A question with options in each conversation.</summary>
    private static async Task AskAsync(Bed bed, CancellationToken cancellationToken)
    {
        bed.Api.AnswerWith(
            @"[NEEDS-JC] Two users may own one key. Forbid it or merge them?\n\nThe import found *38* keys with two owners. "
            + @"Merging keeps every login working; forbidding is simpler, but 38 people are asked to pick a new key.\n"
            + @"- (a) Merge, keep the older owner (recommended)\n- (b) Forbid, ask the 38 users");
        foreach (var conversation in Asking)
            bed.Home.Drop(Bed.Speakers(conversation, 1)[0], "Two users may own one key.");
        await OpenAsync(bed, Asking.Length, cancellationToken);
    }

    private static async Task OpenAsync(Bed bed, int count, CancellationToken cancellationToken)
    {
        const string open = "SELECT COUNT(*) FROM questions WHERE state = 'open'";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Bed.Limit);
        while (await bed.Home.CountAsync(open, limit.Token) != count)
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, limit.Token);
    }

    /// <summary>That it is the page that was meant, and that the store holds what is said of it.</summary>
    private static async Task CheckAsync(Bed bed, IReadOnlyList<PageFile> files, CancellationToken cancellationToken)
    {
        var heading = string.Create(CultureInfo.InvariantCulture, $"<h1>{Asking.Length} questions wait for you</h1>");
        if (!System.Text.Encoding.UTF8.GetString(files[0].Content).Contains(heading, StringComparison.Ordinal) || files.Count < 4)
            throw new InvalidDataException("it is not the page that was meant");
        foreach (var (table, count) in new[] { ("messages", Messages), ("sessions", Sessions), ("rulings", Rulings) })
            if (await bed.Home.CountAsync($"SELECT COUNT(*) FROM {table}", cancellationToken) < count)
                throw new InvalidDataException($"fewer {table} than are said");
    }

    [GeneratedRegex("(?:href|src)=\"(/assets/[^\"]+)\"")]
    private static partial Regex Assets();

    /// <summary>Loads the page and what it names, all of that at once, with nothing kept.</summary>
    private sealed class Browser : IDisposable
    {
        private readonly HttpClient _http;

        public Browser(Uri server, string? token)
        {
            _http = new HttpClient { BaseAddress = server, Timeout = Bed.Limit };
            _http.DefaultRequestHeaders.TryAddWithoutValidation("Accept", "text/html,*/*");
            _http.DefaultRequestHeaders.TryAddWithoutValidation("Accept-Encoding", "gzip, br");
            if (token is not null)
                _http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        }

        public double First { get; private set; }

        public async Task<IReadOnlyList<PageFile>> LoadAsync(
            CancellationToken cancellationToken, Samples? complete = null, Samples? alone = null)
        {
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            var page = await GetAsync("/", cancellationToken);
            alone?.Add(started, System.Diagnostics.Stopwatch.GetTimestamp());
            var named = Assets().Matches(System.Text.Encoding.UTF8.GetString(page.Content)).Select(match => match.Groups[1].Value);
            var others = await Task.WhenAll(named.Distinct().Select(path => GetAsync(path, cancellationToken)));
            complete?.Add(started, System.Diagnostics.Stopwatch.GetTimestamp());
            if (First == 0)
                First = System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            return [page, .. others];
        }

        public void Dispose() => _http.Dispose();

        private async Task<PageFile> GetAsync(string path, CancellationToken cancellationToken)
        {
            using var response = await _http.GetAsync(path, cancellationToken);
            response.EnsureSuccessStatusCode();
            if (response.Content.Headers.ContentEncoding.Count > 0)
                throw new InvalidDataException($"{path} came compressed: say so in the figures");
            var content = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return new PageFile(path, response.Content.Headers.ContentType?.ToString() ?? "", content);
        }
    }
}

/// <summary>A file of a page as it was sent.</summary>
internal sealed record PageFile(string Path, string Type, byte[] Content)
{
    public long Sent => Content.Length;
}

using System.Globalization;
using System.Text.RegularExpressions;
using Relay.Loopback;

namespace Relay.Scenarios.Harness;

/// <summary>Plays the operator: reads the pages as they arrive, and answers every question once through the input file.</summary>
internal sealed partial class OperatorAtPhone : IAsyncDisposable
{
    private readonly ScenarioHome _home;
    private readonly LoopbackNtfy _ntfy;
    private readonly Func<Page, string> _answer;
    private readonly HashSet<long> _answered = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _watching;

    public OperatorAtPhone(ScenarioHome home, LoopbackNtfy ntfy, Func<Page, string> answer)
    {
        _home = home;
        _ntfy = ntfy;
        _answer = answer;
        _watching = Task.Run(WatchAsync);
    }

    /// <summary>The number of the question that a page asks; null for other pages, receipts among them.</summary>
    public static long? QuestionOf(Page page) =>
        Number().Match(page.Title) is { Success: true } match ? long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_stopping.IsCancellationRequested)
            await Eventually.WithinAsync(TimeSpan.FromSeconds(1), AnswerOne, _stopping.Token);
    }

    private bool AnswerOne()
    {
        var page = _ntfy.Pages.FirstOrDefault(page => QuestionOf(page) is { } question && !_answered.Contains(question));
        if (page is null || QuestionOf(page) is not { } number || !_home.TrySay($"#{number} {_answer(page)}"))
            return false;
        _answered.Add(number);
        return true;
    }

    [GeneratedRegex(@"\A\[NEEDS-JC\].*\(#(\d+)\)")]
    private static partial Regex Number();
}

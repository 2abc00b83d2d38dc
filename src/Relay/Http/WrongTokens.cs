namespace Relay.Http;

/// <summary>Slows down whoever tries tokens, and says so: one line in the log a source and minute. Only the wrong request waits, so that a
/// right one from the same address is answered at once: all users of a machine have the same.</summary>
internal sealed partial class WrongTokens(PeerCounts counts, TimeProvider clock, ILogger<WrongTokens> log)
{
    /// <summary>A session that was started with an old token tries it a few times.</summary>
    private const int Forgiven = 3;

    private const int MostWaitingOfOne = 16, MostWaiting = 64, MostSources = 1_000;

    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100), Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Source> _sources = [];
    private int _waiting;

    private sealed class Source(string name)
    {
        public string Name { get; } = name;
        public int Tries { get; set; }
        public int Untold { get; set; }
        public int Waiting { get; set; }
        public ITimer? Timer { get; set; }
    }

    /// <summary>Lets a request without the right token wait, if it has a wrong one. True when so many wait already that it was refused at
    /// once.</summary>
    public async Task<bool> IsRefusedAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization.Count == 0 && SignInCookie.Of(context.Request) is null)
            return false;
        return await IsRefusedForAsync(context);
    }

    /// <summary>The same for something else that was tried, as a link that lets a browser in.</summary>
    public async Task<bool> IsRefusedForAsync(HttpContext context)
    {
        if (await PauseAsync(context))
            return false;
        context.Response.Headers.Connection = "close";
        await Problem.WriteAsync(context, StatusCodes.Status429TooManyRequests, "too many wrong tokens came from there", LongestPause);
        return true;
    }

    /// <summary>False when so many wait already that this one must not.</summary>
    private async Task<bool> PauseAsync(HttpContext context)
    {
        counts.CountWrongToken();
        var (source, pause) = Count(ConnectionGate.NameOf(context.Connection.RemoteIpAddress));
        if (pause is null)
        {
            counts.CountTooMany();
            return false;
        }
        try
        {
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause.Value, clock, context.RequestAborted);
            return true;
        }
        finally
        {
            lock (_lock)
            {
                source.Waiting--;
                _waiting--;
            }
        }
    }

    /// <summary>How long this try has to wait; null when it must not wait at all.</summary>
    private (Source Source, TimeSpan? Pause) Count(string name)
    {
        lock (_lock)
        {
            var source = Find_NeedsLock(name);
            source.Tries++;
            if (source.Waiting >= MostWaitingOfOne || _waiting >= MostWaiting)
                return (source, null);
            source.Waiting++;
            _waiting++;
            return (source, PauseOf(source.Tries));
        }
    }

    private static TimeSpan PauseOf(int tries)
    {
        if (tries <= Forgiven)
            return TimeSpan.Zero;
        var pause = FirstPause * (1 << Math.Min(tries - Forgiven - 1, 5));
        return pause < LongestPause ? pause : LongestPause;
    }

    /// <summary>The first try is told at once, those that follow when the minute is over. A source that has stopped is forgotten.</summary>
    private Source Find_NeedsLock(string name)
    {
        if (!_sources.TryGetValue(name, out var source))
        {
            if (_sources.Count >= MostSources)
                name = "many addresses";
            if (!_sources.TryGetValue(name, out source))
            {
                _sources[name] = source = new Source(name);
                source.Timer = clock.CreateTimer(_ => Tell(source), state: null, Window, Window);
                LogWrong(1, name);
                return source;
            }
        }
        source.Untold++;
        return source;
    }

    private void Tell(Source source)
    {
        int untold;
        lock (_lock)
        {
            untold = source.Untold;
            source.Untold = 0;
            if (untold == 0 && source.Waiting == 0)
            {
                _sources.Remove(source.Name);
                source.Timer?.Dispose();
                return;
            }
        }
        if (untold > 0)
            LogWrong(untold, source.Name);
    }

    [LoggerMessage(LogLevel.Warning, "{Count} requests with a wrong token from {Source}; told once a minute")]
    private partial void LogWrong(int count, string source);
}

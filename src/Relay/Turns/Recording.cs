using System.Data.Common;
using Relay.Running;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>Records what came of a call. It is paid: its end is recorded even when we are stopping, and on a full disk it is kept until
/// there is room. Given up, it would be made, and paid for, again.</summary>
internal sealed partial class Recording(Database database, Faults faults, ILogger<Recording> log)
{
    public Database Database => database;

    private static readonly TimeSpan BetweenCommits = TimeSpan.FromSeconds(1);

    /// <param name="what">The name of the fault while it cannot be recorded: others that are recorded meanwhile do not clear it.</param>
    /// <param name="work">In one transaction.</param>
    /// <param name="stopping">When it is cancelled, a commit that fails is not tried again.</param>
    public async Task<T> RunAsync<T>(string what, Func<Writing, Task<T>> work, CancellationToken stopping)
    {
        var isUnrecorded = false;
        try
        {
            while (true)
            {
                try
                {
                    return await database.WriteAsync(work, CancellationToken.None);
                }
                catch (DbException exception) when (!stopping.IsCancellationRequested)
                {
                    isUnrecorded = true;
                    if (faults.Set(what, exception.Message))
                        LogUnrecorded(what, exception);
                    await database.Clock.PauseAsync(BetweenCommits, stopping);
                }
            }
        }
        finally
        {
            if (isUnrecorded)
                faults.Clear(what);
        }
    }

    [LoggerMessage(LogLevel.Error, "Failed at {What}; tried again every second")]
    private partial void LogUnrecorded(string what, Exception exception);
}

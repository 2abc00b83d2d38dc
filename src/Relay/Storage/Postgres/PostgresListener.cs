using System.Data.Common;
using Npgsql;
using Relay.Running;

namespace Relay.Storage.Postgres;

/// <summary>Hears what other processes announce, on a connection of its own, and tells it to the listeners of this one.
/// Losing that connection is the first sign that the server is gone.</summary>
internal sealed class PostgresListener : IAsyncDisposable
{
    private static readonly Backoff BetweenAttempts = new(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2));

    private readonly NpgsqlDataSource _source;
    private readonly string _sender;
    private readonly ChangeFeed _changes;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Action _connected;
    private readonly Task _listening;

    /// <param name="source">Where connections come from.</param>
    /// <param name="sender">Of this process, whose own announcements are told already.</param>
    /// <param name="changes">Whose listeners are told.</param>
    /// <param name="clock">For the pauses.</param>
    /// <param name="connected">Called when the server is there, or there again.</param>
    public PostgresListener(NpgsqlDataSource source, string sender, ChangeFeed changes, TimeProvider clock, Action connected)
    {
        _connected = connected;
        _source = source;
        _sender = sender;
        _changes = changes;
        _clock = clock;
        _listening = Task.Run(() => ListenAsync(_stopping.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
        await _source.DisposeAsync();
    }

    private async Task ListenAsync(CancellationToken stopping)
    {
        for (var failures = 0; !stopping.IsCancellationRequested;)
        {
            try
            {
                await using var connection = await PostgresConnection.OpenAsync(_source, stopping);
                connection.OnNotification(Hear);
                var channel = await connection.Command($"SELECT quote_ident({Announcement.Channel})")
                    .OnlyAsync(row => row.Text(), stopping);
                await connection.Command($"LISTEN {channel}").ExecuteAsync(stopping);
                failures = 0;
                _connected();
                _changes.PublishAll(); // What was announced before this is not heard.
                while (true)
                    await connection.WaitAsync(stopping);
            }
            catch (Exception exception) when (exception is DbException or IOException or InvalidOperationException or TimeoutException)
            {
                _changes.Publish(Topic.Database);
                await _clock.PauseAsync(BetweenAttempts.Delay(++failures), stopping);
            }
        }
    }

    private void Hear(string text)
    {
        var announcement = Announcement.Parse(text);
        if (announcement.Sender != _sender)
            announcement.PublishTo(_changes);
    }
}

using System.Data;
using System.Data.Common;
using System.Security.Authentication;
using Npgsql;

namespace Relay.Storage.Postgres;

/// <summary>One connection to the server, which may be lost at any moment. The driver keeps its statements prepared, by their text.</summary>
internal sealed class PostgresConnection(NpgsqlConnection connection) : ISqlConnection
{
    public bool IsLost => connection.FullState != ConnectionState.Open;

    /// <exception cref="DatabaseUnavailableException">The server cannot be reached, or lets nobody in.</exception>
    public static async Task<PostgresConnection> OpenAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        try
        {
            return new PostgresConnection(await source.OpenConnectionAsync(cancellationToken));
        }
        catch (Exception exception) when (exception is NpgsqlException or IOException or TimeoutException or AuthenticationException or System.Net.Sockets.SocketException)
        {
            throw new DatabaseUnavailableException(Reason(exception), exception);
        }
    }

    public DbCommand Command(string text) => new NpgsqlCommand(text, connection);

    /// <summary>Ends when the server has something to tell to those who listen.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => connection.WaitAsync(cancellationToken);

    public void OnNotification(Action<string> hear) => connection.Notification += (_, notification) => hear(notification.Payload);

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private static string Reason(Exception exception) => exception is PostgresException refusal
        ? $"the database server lets nobody in: {refusal.MessageText}"
        : $"the database server cannot be reached: {exception.GetBaseException().Message}";
}

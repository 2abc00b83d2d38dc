using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Relay.Storage.Sqlite;

/// <summary>A connection that keeps its commands once they are compiled, by their text: SQLite compiles anew for each command object, which
/// for most of ours takes longer than to run it. The texts are constants of the program, so they are few.</summary>
internal sealed class PreparedConnection(string connectionString) : SqliteConnection(connectionString), ISqlConnection
{
    private readonly Dictionary<string, Prepared> _idle = [];
    private bool _closing;

    /// <summary>Disposing the command gives it back.</summary>
    public DbCommand Command(string text) => _idle.Remove(text, out var command) ? command : new Prepared(this) { CommandText = text };

    public void Run(string pragma)
    {
        using var command = CreateCommand();
        command.CommandText = pragma;
        command.ExecuteNonQuery();
    }

    public override void Close()
    {
        _closing = true; // The base disposes of the commands, and then they have to go.
        base.Close();
    }

    private sealed class Prepared : SqliteCommand
    {
        private readonly PreparedConnection _owner;

        public Prepared(PreparedConnection owner)
        {
            _owner = owner;
            Connection = owner;
            CommandTimeout = owner.DefaultTimeout;
        }

        protected override void Dispose(bool disposing)
        {
            foreach (SqliteParameter parameter in Parameters)
                parameter.Value = null; // One that is not given anew is a fault, as if it were not there.
            if (!disposing || _owner._closing || !_owner._idle.TryAdd(CommandText, this))
                base.Dispose(disposing);
        }
    }
}

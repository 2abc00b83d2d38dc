using Relay.Configuration;
using Relay.Files;

namespace Relay.Storage.Selection;

/// <summary>What a running relay writes of its database into its home: durably now and then, and after every commit in place, so that it
/// survives the process whenever that is killed. The power may take the newest of that with it, and then less is known than is so, never
/// more. Not thread-safe.</summary>
internal sealed class KnownDatabaseFile(RelayHome home, StoreKind kind) : IDisposable
{
    private OverwrittenFile? _file;
    private IReadOnlyDictionary<string, KnownDatabase> _others = new Dictionary<string, KnownDatabase>();

    public void Replace(KnownDatabase known)
    {
        KnownDatabase.Write(home, kind, known);
        _others = KnownDatabase.Others(home, kind);
        _file?.Dispose();
        _file = OverwrittenFile.TryOpen(home.KnownDatabaseFile);
    }

    public void Overwrite(KnownDatabase known) => _file?.TryWrite(KnownDatabase.ToJson(_others, kind, known));

    public void Dispose() => _file?.Dispose();
}

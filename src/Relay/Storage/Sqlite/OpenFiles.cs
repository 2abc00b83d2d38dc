using Relay.Files.Platform;

namespace Relay.Storage.Sqlite;

/// <summary>The files of a database as they were when it was opened. Removed or replaced, they can still be written, and all of it would be
/// gone with this process.</summary>
internal sealed class OpenFiles(string path)
{
    private readonly string[] _paths = [path, path + "-wal", path + "-shm"];
    private readonly FileFacts?[] _opened = new FileFacts?[3];

    /// <summary>The database itself is not where it was: otherwise only what stands beside it.</summary>
    public bool IsMainGone { get; private set; }

    /// <summary>What became of them; null while each is where it was. Those beside the database are made with the first use.</summary>
    public string? Fault()
    {
        for (var each = 0; each < _paths.Length; each++)
        {
            var found = Posix.Lstat(_paths[each]);
            if (_opened[each] is not { } opened)
                _opened[each] = found;
            else if (found is not { } there || !there.IsSameFileAs(opened))
            {
                IsMainGone = each == 0;
                return $"{_paths[each]} was {(found is null ? "removed" : "replaced")} while the relay runs";
            }
        }
        return null;
    }
}

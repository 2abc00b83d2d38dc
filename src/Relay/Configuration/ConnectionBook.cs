using System.Security.Cryptography;
using System.Text.Json;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Configuration;

/// <summary>The connections of a home, in state/connections.json, and the key of their tokens beside it. Commands and the daemon write
/// it in turns, under a lock; whoever asks reads it again, so what one has written holds for all at once.</summary>
internal sealed class ConnectionBook(RelayHome home, TimeProvider clock)
{
    private const int LargestList = 4 * 1024 * 1024;
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(5);

    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    private volatile Page? _read;

    /// <summary>What the token of a request opens.</summary>
    public abstract record Found
    {
        private Found() { }

        /// <param name="Entry">Whose token it is.</param>
        /// <param name="Names">Of all connections, revoked ones too.</param>
        public sealed record Valid(ConnectionEntry Entry, IReadOnlySet<string> Names) : Found;

        public sealed record Revoked(ConnectionEntry Entry) : Found;

        public sealed record Unknown : Found;
    }

    /// <exception cref="InvalidDataException">The list is damaged.</exception>
    public IReadOnlyList<ConnectionEntry> List() => Read().Entries;

    /// <exception cref="InvalidDataException">The list or the key is damaged.</exception>
    public void Check() => _ = (Read(), Key());

    public Found Find(string token)
    {
        if (ConnectionToken.ClaimedName(token) is not { } name || Key() is not { } key)
            return new Found.Unknown();
        var page = Read();
        if (page.Entries.FirstOrDefault(entry => entry.Name == name) is not { } known
            || !ConnectionToken.AreSame(token, ConnectionToken.Of(known, key)))
            return new Found.Unknown();
        return known.RevokedAt is null ? new Found.Valid(known, page.Names) : new Found.Revoked(known);
    }

    /// <summary>The connection of a name, made if there is none; a revoked one gets its next generation. Its token is printed again as
    /// often as it is asked for.</summary>
    public Task<(ConnectionEntry Entry, string Token)> OpenAsync(string name, string? folder, CancellationToken cancellationToken) =>
        OpenAsync(name, known => known with { Folder = folder ?? known.Folder }, cancellationToken);

    /// <summary>The connection of a project, by the name that is chosen among those there are: two that choose at once never choose the
    /// same. Its token is null where it was revoked, and none is made.</summary>
    public async Task<(string Name, string? Token)> OpenOfAsync(
        string folder, Func<IReadOnlyList<ConnectionEntry>, string> choose, CancellationToken cancellationToken)
    {
        using var mine = await LockAsync(cancellationToken);
        var entries = Read().Entries;
        var name = choose(entries);
        return entries.Any(entry => entry.Name == name && entry.RevokedAt is not null)
            ? (name, null)
            : (name, Open(name, known => known with { Folder = folder }).Token);
    }

    /// <summary>One whose sessions are named by their folders.</summary>
    public Task<(ConnectionEntry Entry, string Token)> OpenOfFoldersAsync(string name, CancellationToken cancellationToken) =>
        OpenAsync(name, known => known with { IsOfFolders = true }, cancellationToken);

    private async Task<(ConnectionEntry Entry, string Token)> OpenAsync(
        string name, Func<ConnectionEntry, ConnectionEntry> adapt, CancellationToken cancellationToken)
    {
        using var mine = await LockAsync(cancellationToken);
        return Open(name, adapt);
    }

    private (ConnectionEntry Entry, string Token) Open(string name, Func<ConnectionEntry, ConnectionEntry> adapt)
    {
        var entries = Read().Entries;
        var known = entries.FirstOrDefault(entry => entry.Name == name);
        var open = known is { RevokedAt: null }
            ? known
            : new ConnectionEntry(name, (known?.Generation ?? 0) + 1, ConnectionToken.NewSerial(), clock.GetUtcNow());
        open = adapt(open with { Folder = open.Folder ?? known?.Folder, IsOfFolders = known?.IsOfFolders ?? false });
        if (open != known)
            Write([.. entries.Where(entry => entry.Name != name), open]);
        return (open, ConnectionToken.Of(open, Key() ?? NewKey()));
    }

    /// <summary>Null where it was revoked or never made; none is made.</summary>
    public string? TokenOf(string name) =>
        Read().Entries.FirstOrDefault(entry => entry.Name == name) is { RevokedAt: null } known && Key() is { } key
            ? ConnectionToken.Of(known, key)
            : null;

    /// <summary>From now on its token is refused. Null when there is no such connection.</summary>
    public async Task<ConnectionEntry?> RevokeAsync(string name, CancellationToken cancellationToken)
    {
        using var mine = await LockAsync(cancellationToken);
        var entries = Read().Entries;
        if (entries.FirstOrDefault(entry => entry.Name == name) is not { } known)
            return null;
        if (known.RevokedAt is not null)
            return known;
        var revoked = known with { RevokedAt = clock.GetUtcNow() };
        Write([.. entries.Select(entry => entry.Name == name ? revoked : entry)]);
        return revoked;
    }

    /// <summary>What the list said at a time.</summary>
    private sealed record Page(byte[] Content, IReadOnlyList<ConnectionEntry> Entries, IReadOnlySet<string> Names)
    {
        public static readonly Page Empty = new([], [], new HashSet<string>());
    }

    /// <summary>Read each time, for a stamp of the file could be the same after two changes.</summary>
    private Page Read()
    {
        if (Content(home.ConnectionsFile, LargestList) is not { } content)
            return Page.Empty;
        if (_read is { } known && known.Content.AsSpan().SequenceEqual(content))
            return known;
        try
        {
            var entries = JsonSerializer.Deserialize<List<ConnectionEntry>>(content, Format) ?? [];
            return _read = new Page(content, entries, entries.Select(entry => entry.Name).ToHashSet());
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException(
                $"{home.ConnectionsFile} is damaged: restore it, or remove it and make all tokens anew ({exception.Message})");
        }
    }

    private void Write(IReadOnlyList<ConnectionEntry> entries) =>
        DurableFile.Replace(home.ConnectionsFile, JsonSerializer.SerializeToUtf8Bytes(entries, Format));

    /// <summary>Null when there is none yet.</summary>
    private byte[]? Key() => Content(home.ConnectionKey, ConnectionToken.KeyBytes) is not { } key
        ? null
        : key.Length == ConnectionToken.KeyBytes
            ? key
            : throw new InvalidDataException($"{home.ConnectionKey} is damaged: restore it, or remove it and make all tokens anew");

    /// <summary>The file gets its name when it is whole, and never takes the place of another.</summary>
    private byte[] NewKey()
    {
        var key = RandomNumberGenerator.GetBytes(ConnectionToken.KeyBytes);
        var temporary = $"{home.ConnectionKey}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
        DurableFile.WriteNew(temporary, key, DurableFile.OwnerAlone);
        if (!Posix.RenameNoReplace(temporary, home.ConnectionKey))
        {
            File.Delete(temporary);
            throw new IOException($"{home.ConnectionKey} is there, and was not a moment ago");
        }
        Posix.SyncFolder(home.State);
        return key;
    }

    private static byte[]? Content(string path, int limit)
    {
        using var handle = Posix.OpenRegular(path);
        if (handle is null)
            return File.Exists(path) ? throw new InvalidDataException($"{path} is no regular file") : null;
        var length = RandomAccess.GetLength(handle);
        if (length > limit)
            throw new InvalidDataException($"{path} is too large");
        var content = new byte[length];
        var read = RandomAccess.Read(handle, content, fileOffset: 0);
        return read == length ? content : content[..read];
    }

    private async Task<IDisposable> LockAsync(CancellationToken cancellationToken)
    {
        home.CreateFolders();
        return await FileTurn.TakeAsync(home.ConnectionsLock, LockPatience, clock, cancellationToken)
            ?? throw new IOException($"{home.ConnectionsFile} is being changed by another process");
    }
}

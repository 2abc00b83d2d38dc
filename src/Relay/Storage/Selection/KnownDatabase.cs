using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Relay.Configuration;
using Relay.Files;
using Relay.Texts;

namespace Relay.Storage.Selection;

/// <summary>What a home remembers of its database, in a file beside it: that there was one, which, and how much was in it. So that a
/// damaged, emptied or missing one is told from none.</summary>
/// <param name="Id">Tells one database from another: when it was made. Null where the file cannot be read any more.</param>
/// <param name="Entries">In the journals of all conversations.</param>
/// <param name="Messages">Of all time.</param>
/// <param name="At">When this was so.</param>
internal sealed record KnownDatabase(string? Id, long Entries, long Messages, DateTimeOffset At)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    /// <summary>A relay runs on it, or was killed.</summary>
    public bool IsOpen { get; init; }

    /// <summary>The relay met a damaged page.</summary>
    public bool IsDamaged { get; init; }

    /// <summary>Something that was known is not in it.</summary>
    public bool IsLessThan(KnownDatabase known) => Entries < known.Entries || Messages < known.Messages;

    /// <summary>What an older copy has.</summary>
    [JsonIgnore]
    public string Lack => string.Create(
        CultureInfo.InvariantCulture,
        $"the database has only {Entries} entries and {Messages} messages: it is an older copy, or what came last is lost");

    /// <summary>"and this home knows of 62 entries and 31 messages in it at …"</summary>
    [JsonIgnore]
    public string InWords => Id is null
        ? "and state/database.json, which tells what was in it, cannot be read"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"and this home knows of {Entries} entries and {Messages} messages in it at {At.UtcDateTime:yyyy-MM-dd HH:mm} UTC");

    /// <summary>Null for a home that has had no database of this kind.</summary>
    public static KnownDatabase? Read(RelayHome home, StoreKind kind)
    {
        if (!File.Exists(home.KnownDatabaseFile))
            return null;
        try
        {
            return All(home).GetValueOrDefault(Words.Word(kind));
        }
        catch (JsonException)
        {
            return new KnownDatabase(Id: null, 0, 0, default);
        }
    }

    /// <summary>Null: from now on there was none.</summary>
    public static void Write(RelayHome home, StoreKind kind, KnownDatabase? known) =>
        DurableFile.Replace(home.KnownDatabaseFile, ToJson(Others(home, kind), kind, known));

    /// <summary>What the home remembers of databases of the other kinds.</summary>
    public static IReadOnlyDictionary<string, KnownDatabase> Others(RelayHome home, StoreKind kind)
    {
        try
        {
            var all = File.Exists(home.KnownDatabaseFile) ? All(home) : [];
            all.Remove(Words.Word(kind));
            return all;
        }
        catch (JsonException)
        {
            return new Dictionary<string, KnownDatabase>();
        }
    }

    public static byte[] ToJson(IReadOnlyDictionary<string, KnownDatabase> others, StoreKind kind, KnownDatabase? known)
    {
        var all = new Dictionary<string, KnownDatabase>(others);
        if (known is not null)
            all[Words.Word(kind)] = known;
        return JsonSerializer.SerializeToUtf8Bytes(all, Options);
    }

    private static Dictionary<string, KnownDatabase> All(RelayHome home) =>
        JsonSerializer.Deserialize<Dictionary<string, KnownDatabase>>(BoundedFile.ReadState(home.KnownDatabaseFile).Found, Options)
        ?? throw new JsonException();
}

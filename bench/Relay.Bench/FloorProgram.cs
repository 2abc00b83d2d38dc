using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Relay.Bench;

/// <summary>The least the promises allow for a turn, one after the other, with no framework: what the relay's figures are ratios of. A
/// turn: (1) read the envelope, (2) commit the message, its journal entry and its call, (3) remove the envelope, (4) ask the API, the whole
/// history in the request, (5) stage the reply with fsync, (6) commit the reply, (7) rename and fsync the folder, (8) commit that it is
/// placed. Runs in a process of its own: Relay.Bench floor-program HOME API. It says when it is ready; each line on its standard input is a
/// hint that envelopes lie there; its end stops it.</summary>
internal sealed partial class FloorProgram(string home, string api) : IDisposable
{
    public const string Name = "floor-program";

    private const string Schema =
        """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        CREATE TABLE IF NOT EXISTS messages (
            number INTEGER PRIMARY KEY, session TEXT NOT NULL, file TEXT NOT NULL UNIQUE, content TEXT NOT NULL, reply TEXT,
            state TEXT NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS events (
            number INTEGER, state TEXT, at INTEGER NOT NULL, PRIMARY KEY (number, state)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS entries (
            conversation TEXT, position INTEGER, role TEXT NOT NULL, content TEXT NOT NULL,
            PRIMARY KEY (conversation, position)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS calls (
            number INTEGER PRIMARY KEY, at INTEGER NOT NULL, input_tokens INTEGER, output_tokens INTEGER) STRICT;
        """;

    private const string Accept =
        """
        BEGIN IMMEDIATE;
        INSERT INTO messages VALUES (@number, @session, @file, @text, NULL, 'asking');
        INSERT INTO events VALUES (@number, 'accepted', @at), (@number, 'asking', @at);
        INSERT INTO entries VALUES (@conversation, 2 * @number, 'user', @text);
        INSERT INTO calls VALUES (@number, @at, NULL, NULL);
        COMMIT;
        """;

    private const string Answer =
        """
        BEGIN IMMEDIATE;
        INSERT INTO entries VALUES (@conversation, 2 * @number + 1, 'assistant', @text);
        INSERT INTO events VALUES (@number, 'answered', @at);
        UPDATE calls SET input_tokens = @input, output_tokens = @output WHERE number = @number;
        UPDATE messages SET reply = @text, state = 'answered' WHERE number = @number;
        COMMIT;
        """;

    private const string Place =
        """
        BEGIN IMMEDIATE;
        INSERT INTO events VALUES (@number, 'placed', @at);
        UPDATE messages SET state = 'placed' WHERE number = @number;
        COMMIT;
        """;

    private readonly HttpClient _http = new() { BaseAddress = new Uri(api) };
    private readonly SqliteConnection _database = new($"Data Source={DatabaseIn(home)};Pooling=False");
    private readonly Dictionary<string, MemoryStream> _histories = [];
    private readonly Dictionary<string, int> _folders = [];
    private long _number;

    public static string DatabaseIn(string home) => Path.Combine(home, "state", "floor.db");

    public static async Task<int> RunAsync(string home, string api)
    {
        using var program = new FloorProgram(home, api);
        program._database.Open();
        program.Sql(Schema)();
        var (accept, answer, place) = (program.Sql(Accept), program.Sql(Answer), program.Sql(Place));
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is not null)
            while (Directory.GetFiles(Path.Combine(home, "queue"), "*.json") is { Length: > 0 } envelopes)
                foreach (var envelope in envelopes.Order(StringComparer.Ordinal))
                    await program.TurnAsync(envelope, accept, answer, place);
        return 0;
    }

    public void Dispose()
    {
        _http.Dispose();
        _database.Dispose();
    }

    private async Task TurnAsync(string file, Write accept, Write answer, Write place)
    {
        using var envelope = JsonDocument.Parse(await File.ReadAllBytesAsync(file)); // 1
        var session = envelope.RootElement.GetProperty("session_id").GetString()!;
        var text = envelope.RootElement.GetProperty("content").GetString()!;
        var (number, conversation) = (++_number, session.Split('_')[0]);
        accept( // 2
            ("number", number), ("session", session), ("file", Path.GetFileName(file)), ("conversation", conversation), ("text", text),
            ("at", Now()));
        File.Delete(file); // 3

        var (reply, input, output) = await AskAsync(conversation, $"[{session}] {text}"); // 4

        var (staged, folder) = (Path.Combine(home, "dispatch", ".staged", $"{number}"), Path.Combine(home, "dispatch", session));
        Stage(staged, reply); // 5
        answer( // 6
            ("number", number), ("conversation", conversation), ("text", reply), ("input", input), ("output", output), ("at", Now()));
        while (File.Exists(Path.Combine(folder, "input.txt"))) // The session has not taken the reply before this one.
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
        File.Move(staged, Path.Combine(folder, "input.txt")); // 7
        Sync(folder);
        place(("number", number), ("at", Now())); // 8
    }

    private async Task<(string Text, long InputTokens, long OutputTokens)> AskAsync(string conversation, string text)
    {
        var history = _histories.TryGetValue(conversation, out var known) ? known : _histories[conversation] = Begin();
        Append(history, "user", text);
        history.Write("]}"u8);
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/messages");
        request.Content = new ByteArrayContent(history.GetBuffer(), 0, (int)history.Length);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var (reply, input, output) = (new StringBuilder(), 0L, 0L);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await lines.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
                continue;
            using var data = JsonDocument.Parse(line.AsMemory(6));
            if (data.RootElement.TryGetProperty("delta", out var delta) && delta.TryGetProperty("text", out var part))
                reply.Append(part.GetString());
            if (data.RootElement.TryGetProperty("usage", out var usage))
                (input, output) = (usage.GetProperty("input_tokens").GetInt64(), usage.GetProperty("output_tokens").GetInt64());
        }
        history.SetLength(history.Length - 2);
        Append(history, "assistant", reply.ToString());
        return (reply.ToString(), input, output);
    }

    private static MemoryStream Begin()
    {
        var history = new MemoryStream();
        history.Write("""{"model":"claude-opus-5-5","max_tokens":16000,"stream":true,"system":"You are the advisor.","messages":["""u8);
        return history;
    }

    private static void Append(MemoryStream history, string role, string content)
    {
        if (history.GetBuffer()[history.Length - 1] == '}')
            history.WriteByte((byte)',');
        JsonSerializer.Serialize(history, new { role, content });
    }

    private static void Stage(string path, string text)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        RandomAccess.Write(file, Encoding.UTF8.GetBytes(text + "\n"), fileOffset: 0);
        RandomAccess.FlushToDisk(file);
    }

    private void Sync(string folder)
    {
        if (!_folders.TryGetValue(folder, out var handle))
            handle = _folders[folder] = OpenFolder(folder, flags: 0);
        if (SyncFile(handle) != 0)
            throw new IOException($"fsync of {folder}: error {Marshal.GetLastPInvokeError()}");
    }

    private static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private delegate void Write(params (string Name, object Value)[] values);

    private Write Sql(string text)
    {
        var command = _database.CreateCommand();
        command.CommandText = text;
        return values =>
        {
            command.Parameters.Clear();
            foreach (var (name, value) in values)
                command.Parameters.AddWithValue("@" + name, value);
            command.ExecuteNonQuery();
        };
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncFile(int handle);
}

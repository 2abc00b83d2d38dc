using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Relay.Advisor;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Files;
using Relay.Intake;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;
using Relay.Storage.Selection;
using Relay.Turns;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Testing;

/// <summary>A relay with its own home folder, made of the same parts as the real one, whose clock and advisor the test controls.
/// No loop runs by itself, and it does not listen: the test runs each batch.</summary>
internal sealed class TempRelay : IAsyncDisposable
{
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly TestStore _store;
    private Database? _database;
    private WebApplication? _host;

    private TempRelay(string config, IReadOnlyDictionary<string, string> environment, TestStore store)
    {
        _environment = environment;
        _store = store;
        Home.CreateFolders();
        File.WriteAllText(Home.ConfigFile, store.Config + config);
    }

    public RelayHome Home { get; } = new(Directory.CreateTempSubdirectory("relay-test-").FullName);

    public MachineClock Clock { get; } = new();

    public ScriptedAdvisor Advisor { get; } = new();

    public FakeLogCollector Logs { get; } = new();

    public Database Database => _database!;

    /// <summary>False for a test that makes a state which the relay itself never does.</summary>
    public bool LeavesAllWell { get; set; } = true;

    public SettingsSource Settings => Get<SettingsSource>();

    /// <summary>Pages go where nobody listens unless <paramref name="ntfy"/> is given. With an <paramref name="api"/> the real advisor
    /// calls it; without one the scripted advisor answers.</summary>
    public static async Task<TempRelay> CreateAsync(
        string config = "", Uri? ntfy = null, string? ntfyToken = null, string? kind = null, Uri? api = null)
    {
        var environment = new Dictionary<string, string> { ["NTFY_SERVER"] = (ntfy ?? new Uri("http://127.0.0.1:9")).ToString() };
        if (api is not null)
        {
            environment["ANTHROPIC_API_KEY"] = "sk-test";
            environment["ANTHROPIC_BASE_URL"] = api.ToString();
        }
        if (ntfyToken is not null)
            environment["NTFY_TOKEN"] = ntfyToken;
        return await CreateAsync(config, environment, await TestStore.CreateAsync(kind));
    }

    public static Task<TempRelay> CreateAsync(TestStore store) =>
        CreateAsync("", new Dictionary<string, string> { ["NTFY_SERVER"] = "http://127.0.0.1:9" }, store);

    private static async Task<TempRelay> CreateAsync(string config, Dictionary<string, string> environment, TestStore store)
    {
        store.AddTo(environment);
        var relay = new TempRelay(config, environment, store);
        await relay.OpenAsync();
        return relay;
    }

    public T Get<T>()
        where T : notnull => _host!.Services.GetRequiredService<T>();

    public Task<int> RunAsync<T>()
        where T : ILoop => Get<T>().RunBatchAsync(TestContext.Current.CancellationToken);

    /// <summary>Starts the relay again with the same home. Everything in memory is lost, as after kill -9.</summary>
    public async Task RestartAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }

    /// <summary>A new process comes up on the same home, with a copy of this database in place of its own.</summary>
    public async Task RestartOnAsync(string database)
    {
        await CloseAsync();
        File.Copy(database, Home.DatabaseFile, overwrite: true);
        await OpenAsync();
    }

    /// <summary>Writes the configuration anew and has it taken up, as the watching loop would.</summary>
    public async Task ConfigureAsync(string config)
    {
        await File.WriteAllTextAsync(Home.ConfigFile, _store.Config + config, TestContext.Current.CancellationToken);
        Assert.IsType<Reloaded.Changed>(Settings.Reload());
    }

    /// <summary>The watching loop sees a change, and that the files stand still.</summary>
    public async Task FollowSettingsAsync()
    {
        await RunAsync<SettingsWatch>();
        Clock.Advance(TimeSpan.FromSeconds(3));
        await RunAsync<SettingsWatch>();
    }

    public string Drop(string session, string content, string? id = null, string? name = null)
    {
        var path = Path.Combine(Home.Queue, name ?? $"{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}.json");
        DurableFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(new { session_id = session, content, id }));
        return path;
    }

    public async Task<MessageId> AcceptAsync(string session, string content, string? id = null, ReplyChannel channel = ReplyChannel.Folder)
    {
        var acceptance = await Get<Inbox>().AcceptAsync(
            SessionId.Stored(session),
            content,
            $"id:{id ?? Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString()}",
            channel,
            TestContext.Current.CancellationToken);
        return Assert.IsType<Inbox.Acceptance.Accepted>(acceptance).Message;
    }

    /// <summary>Takes all turns that are due, in all conversations.</summary>
    public async Task TakeTurnsAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        foreach (var conversation in await Get<AdvisorLoop>().DueAsync(cancellationToken))
            await Get<AdvisorLoop>().RunAsync(conversation, cancellationToken);
    }

    /// <summary>Only begins a turn: claims the next message.</summary>
    public Task<Claim?> ClaimAsync(string conversation = "default") =>
        Get<TurnTransactions>().BeginAsync(new ConversationId(conversation), TestContext.Current.CancellationToken);

    /// <summary>As it is told to people: an answered message has come as far as its reply.</summary>
    public async Task<MessageState> StateAsync(MessageId id)
    {
        var message = await MessageAsync(id);
        return MessageLife.StateOf(
            message, await ReadAsync(reading => Outbox.RecordOfAsync(reading, message, TestContext.Current.CancellationToken)));
    }

    public async Task<List<MessageEvent>> EventsAsync(MessageId id)
    {
        var message = await MessageAsync(id);
        return await ReadAsync(reading => MessageStore.EventsAsync(reading, message, TestContext.Current.CancellationToken));
    }

    /// <summary>Accepts the envelopes in the queue, takes the turns and places the replies.</summary>
    public async Task PassAsync()
    {
        await RunAsync<QueueFolder>();
        await TakeTurnsAsync();
        await RunAsync<Dispatcher>();
    }

    public string InputFile(string session) => Path.Combine(Home.SessionFolder(session), "input.txt");

    /// <summary>Reads the reply to a session, without the line break at its end, and deletes the file, as the session does.
    /// Null when there is none.</summary>
    public string? Consume(string session)
    {
        var file = InputFile(session);
        if (!File.Exists(file))
            return null;
        var text = File.ReadAllText(file);
        File.Delete(file);
        return text.EndsWith('\n') ? text[..^1] : text;
    }

    public Task<Answers.Outcome> AnswerAsync(
        string text, long? question = null, string? key = null, bool unaskedWelcome = false, DateTimeOffset? writtenAt = null)
    {
        var input = new OperatorInput(text, question, "the test", key, unaskedWelcome) { WrittenAt = writtenAt };
        return Get<Answers>().TakeAsync(input, TestContext.Current.CancellationToken);
    }

    public Task<List<Question>> OpenQuestionsAsync() =>
        ReadAsync(reading => QuestionStore.OpenAsync(reading, TestContext.Current.CancellationToken));

    public Task<StatusReport> StatusAsync() => Get<StatusReader>().ReadAsync(running: true, TestContext.Current.CancellationToken);

    public async Task<Message> MessageAsync(MessageId id) => Assert.Single(
        await ReadAsync(reading => MessageSearch.FindAsync(reading, id.Value, TestContext.Current.CancellationToken)));

    /// <summary>All messages, finished ones too, in the order of acceptance.</summary>
    public Task<List<Message>> MessagesAsync() =>
        ReadAsync($"SELECT {Message.Columns} FROM messages ORDER BY accepted_at, number", Message.From);

    public Task<ContextWindow> WindowAsync(string conversation = "default") =>
        ReadAsync(reading =>
            Get<ContextWindows>().ReadAsync(reading, new ConversationId(conversation), TestContext.Current.CancellationToken));

    /// <summary>All pages, sent ones too, oldest first.</summary>
    public Task<List<(string Cause, string Title, string Body, long Priority, string State)>> PagesAsync() => ReadAsync(
        "SELECT kind, subject, title, body, priority, state FROM pages ORDER BY created_at, page_id",
        row => (new PageCause(row.Word<PageKind>(), row.Text()).ToString(), row.Text(), row.Text(), row.Number(), row.Text()));

    public Task<T> ReadAsync<T>(Func<Reading, Task<T>> work) => Database.ReadAsync(work, TestContext.Current.CancellationToken);

    public Task<T> WriteAsync<T>(Func<Writing, Task<T>> work) => Database.WriteAsync(work, TestContext.Current.CancellationToken);

    public Task WriteAsync(Func<Writing, Task> work) => Database.WriteAsync(work, TestContext.Current.CancellationToken);

    public Task<List<T>> ReadAsync<T>(string sql, Func<Row, T> map) =>
        ReadAsync(reading => reading.Sql(sql).ListAsync(map, TestContext.Current.CancellationToken));

    public Task<long> CountAsync(string sql) => ReadAsync(reading => reading.Sql(sql).NumberAsync(TestContext.Current.CancellationToken));

    /// <summary>Whatever a test has done, nothing waits for nothing after it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_database is not null && LeavesAllWell)
            Assert.Empty(await ReadAsync(reading => StateCheck.ReadAsync(reading, CancellationToken.None)));
        await CloseAsync();
        await _store.DisposeAsync();
        Directory.Delete(Home.Root, recursive: true);
    }

    private async Task OpenAsync()
    {
        var settings = Assert.IsType<Loaded.Ok>(SettingsSource.Load(Home, _environment, generate: true)).Source;
        var changes = new ChangeFeed();
        _database = DatabaseFactory.Open(settings.Current, changes, Clock);
        await Migrator.MigrateAsync(_database, CancellationToken.None);
        _host = RelayHost.Build(settings, _database, changes, Adjust);
        _ = _host.Services.GetServices<ILoop>().Count(); // The real host creates all of them when it starts.
        await Get<HistoryImport>().RunAsync(CancellationToken.None);
        await Get<Recovery>().StartAsync(CancellationToken.None);
    }

    private void Adjust(WebApplicationBuilder builder)
    {
        builder.Configuration["quiet"] = "true";
        if (!_environment.ContainsKey("ANTHROPIC_BASE_URL"))
            builder.Services.AddSingleton<IAdvisor>(Advisor); // Registered last, so it replaces the real one.
        builder.Services.AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(Logs)));
    }

    private async Task CloseAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }
}

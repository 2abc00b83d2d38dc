using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Relay.Advisor;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Files;
using Relay.Intake;
using Relay.Operator;
using Relay.Running;
using Relay.Storage;
using Relay.Turns;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Testing;

/// <summary>A relay in a home folder of its own, wired up as the real one, with a clock and an advisor the test holds.
/// No loop runs by itself and nothing listens: the test calls each batch.</summary>
internal sealed class TempRelay : IAsyncDisposable
{
    private readonly IReadOnlyDictionary<string, string> _environment;
    private Database? _database;
    private WebApplication? _host;

    private TempRelay(string config, IReadOnlyDictionary<string, string> environment)
    {
        _environment = environment;
        Home.CreateFolders();
        File.WriteAllText(Home.ConfigFile, config);
    }

    public RelayHome Home { get; } = new(Directory.CreateTempSubdirectory("relay-test-").FullName);

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 8, 1, 9, 0, 0, TimeSpan.Zero));

    public ScriptedAdvisor Advisor { get; } = new();

    public FakeLogCollector Logs { get; } = new();

    public Database Database => _database!;

    public SettingsSource Settings => Get<SettingsSource>();

    /// <summary>Pages go where nobody listens unless <paramref name="ntfy"/> is given.</summary>
    public static async Task<TempRelay> CreateAsync(string config = "", Uri? ntfy = null, string? ntfyToken = null)
    {
        var environment = new Dictionary<string, string> { ["NTFY_SERVER"] = (ntfy ?? new Uri("http://127.0.0.1:9")).ToString() };
        if (ntfyToken is not null)
            environment["NTFY_TOKEN"] = ntfyToken;
        var relay = new TempRelay(config, environment);
        await relay.OpenAsync();
        return relay;
    }

    public T Get<T>()
        where T : notnull => _host!.Services.GetRequiredService<T>();

    public T Loop<T>()
        where T : Relay.Running.Loop => _host!.Services.GetServices<IHostedService>().OfType<T>().Single();

    public Task<int> RunAsync<T>()
        where T : Relay.Running.Loop => Loop<T>().RunBatchAsync(TestContext.Current.CancellationToken);

    /// <summary>Everything in memory is lost, as by kill -9, and a new process comes up on the same home.</summary>
    public async Task RestartAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }

    /// <summary>Writes the configuration anew and has it taken up, as the watching loop would.</summary>
    public async Task ConfigureAsync(string config)
    {
        await File.WriteAllTextAsync(Home.ConfigFile, config, TestContext.Current.CancellationToken);
        Assert.IsType<Reloaded.Changed>(Settings.Reload());
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
            SessionId.Stored(session), content, $"id:{id ?? Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString()}", channel, TestContext.Current.CancellationToken);
        return Assert.IsType<Inbox.Acceptance.Accepted>(acceptance).Message;
    }

    /// <summary>Takes every turn that is due, in every conversation.</summary>
    public async Task TakeTurnsAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        foreach (var conversation in await Get<TurnStart>().DueAsync(cancellationToken))
            await Loop<AdvisorLoop>().RunAsync(conversation, cancellationToken);
    }

    /// <summary>Accepts what lies in the queue, takes the turns and places the replies.</summary>
    public async Task PassAsync()
    {
        await RunAsync<QueueFolder>();
        await TakeTurnsAsync();
        await RunAsync<Dispatcher>();
    }

    public string InputFile(string session) => Path.Combine(Home.SessionFolder(session), "input.txt");

    /// <summary>As a session does: reads its reply and deletes the file. Null when there is none.</summary>
    public string? Consume(string session)
    {
        var file = InputFile(session);
        if (!File.Exists(file))
            return null;
        var text = File.ReadAllText(file);
        File.Delete(file);
        return text;
    }

    public Task<Answers.Outcome> AnswerAsync(string text, long? question = null, string? key = null, bool unaskedWelcome = false) =>
        Get<Answers>().TakeAsync(new Said(text, question, "the test", key, unaskedWelcome), TestContext.Current.CancellationToken);

    public Task<List<Question>> OpenQuestionsAsync() => Get<QuestionStore>().OpenAsync(TestContext.Current.CancellationToken);

    public Task<StatusReport> StatusAsync() => Get<StatusReader>().ReadAsync(running: true, TestContext.Current.CancellationToken);

    public async Task<Message> MessageAsync(MessageId id) => Assert.Single(await Get<MessageStore>().SearchAsync(id.Value, TestContext.Current.CancellationToken));

    /// <summary>Every message there ever was, in the order of acceptance.</summary>
    public Task<List<Message>> MessagesAsync() => ReadAsync($"SELECT {Message.Columns} FROM messages ORDER BY rowid", Message.From);

    public Task<ContextWindow> WindowAsync(string conversation = "default") =>
        Get<Journal>().WindowAsync(new ConversationId(conversation), TestContext.Current.CancellationToken);

    /// <summary>Every page there ever was, oldest first.</summary>
    public Task<List<(string Cause, string Title, string Body, long Priority, string State)>> PagesAsync() => ReadAsync(
        "SELECT cause, title, body, priority, state FROM pages ORDER BY created_at, page_id",
        reader => (reader.Text("cause"), reader.Text("title"), reader.Text("body"), reader.Number("priority"), reader.Text("state")));

    public Task<List<T>> ReadAsync<T>(string sql, Func<System.Data.Common.DbDataReader, T> map) => Database.ReadAsync(
        connection => connection.Command(sql).ListAsync(map, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);

    public Task<long> CountAsync(string sql) => Database.ReadAsync(
        connection => connection.Command(sql).NumberAsync(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        Directory.Delete(Home.Root, recursive: true);
    }

    private async Task OpenAsync()
    {
        var settings = Assert.IsType<Loaded.Ok>(SettingsSource.Load(Home, _environment, generate: true)).Source;
        _database = Database.Open(Home.DatabaseFile);
        await Migrator.MigrateAsync(_database, Clock, CancellationToken.None);
        _host = RelayHost.Build(settings, _database, Adjust);
        _ = _host.Services.GetServices<IHostedService>().Count(); // The host makes them all at its start.
        await Get<HistoryImport>().RunAsync(CancellationToken.None);
        await Get<Recovery>().RestartAsync(CancellationToken.None);
    }

    private void Adjust(WebApplicationBuilder builder)
    {
        builder.Configuration["quiet"] = "true";
        builder.Services.AddSingleton<TimeProvider>(Clock).AddSingleton<IAdvisor>(Advisor); // The last one registered is the one in force.
        builder.Services.AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(Logs)));
    }

    private async Task CloseAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        _database?.Dispose();
    }
}

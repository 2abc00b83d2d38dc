using Relay.Conversations;
using Relay.Loopback;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator.Phone;

/// <summary>A relay whose operator has a phone: a topic that is protected by a token, and one to answer on.</summary>
public abstract class PhoneTests : IAsyncLifetime
{
    private protected const string Token = "tk_0123456789";

    private protected LoopbackNtfy Ntfy { get; private set; } = null!;

    private protected TempRelay Relay { get; private set; } = null!;

    private protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private protected virtual string Config => "";

    private protected virtual LoopbackNtfyOptions Server => new() { Token = Token };

    private protected string AnswerTopicName => Relay.Settings.Current.Secrets.NtfyAnswerTopic;

    public async ValueTask InitializeAsync()
    {
        Ntfy = await LoopbackNtfy.StartAsync(Server);
        Relay = await TempRelay.CreateAsync(Config, Ntfy.Address, Server.Token);
        await ListenAsync(); // From now on.
    }

    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync();
        await Ntfy.DisposeAsync();
    }

    /// <summary>Takes what is on the answer topic.</summary>
    private protected Task<int> ListenAsync() => Relay.Get<AnswerTopic>().FollowAsync(poll: true, CancellationToken);

    private protected async Task<Page> PageAsync()
    {
        await Relay.RunAsync<Pager>();
        return Ntfy.Pages.Last(page => page.Topic == Relay.Settings.Current.Secrets.NtfyTopic);
    }

    private protected Task<long> AskPermissionAsync(string text = "git push", string session = "session-1") =>
        AskAsync(QuestionKind.Permission, new ClientAsk.Permission("Bash", Input: null, []), text, session);

    /// <summary>What a session's client asks.</summary>
    private protected async Task<long> AskAsync(QuestionKind kind, ClientAsk ask, string text, string session = "session-1")
    {
        var token = Relay.Settings.Current.Config.Operator.Token;
        var asked = new NewQuestion(SessionDirectory.Default, Message: null, SessionId.Stored(session), kind, text) { Asked = ask };
        return await Relay.WriteAsync(async writing =>
        {
            var question = await QuestionStore.OpenAsync(writing, asked, CancellationToken);
            await PageStore.QueueAsync(writing, AskedPage.Of(question, token), CancellationToken);
            return question.Id;
        });
    }

    private protected async Task EscalateAsync(string reply = "[NEEDS-JC] Merge or wait?", string session = "session-1")
    {
        Relay.Advisor.Reply(reply);
        await Relay.AcceptAsync(session, "a question");
        await Relay.TakeTurnsAsync();
    }

    private protected Task<Question> FindAsync(long question) => Relay.ReadAsync(
        async reading => (await QuestionStore.FindAsync(reading, question, CancellationToken))!);

    /// <summary>What the operator was told was not taken.</summary>
    private protected async Task<List<string>> RefusalsAsync() =>
        [.. (await Relay.PagesAsync())
            .Where(page => page.Cause.StartsWith("refused:ntfy", StringComparison.Ordinal))
            .Select(page => page.Body)];

    private protected static List<string> Labels(Page page) => page.Actions.ValueKind == System.Text.Json.JsonValueKind.Array
        ? [.. page.Actions.EnumerateArray().Select(action => action.GetProperty("label").GetString()!)]
        : [];

    private protected static string Body(Page page, string label) => page.Actions.EnumerateArray()
        .Single(action => action.GetProperty("label").GetString() == label).GetProperty("body").GetString()!;
}

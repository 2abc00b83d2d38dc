using System.Text;
using Microsoft.AspNetCore.Http;
using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Tests.Testing;
using Relay.Web.Dashboard;
using Xunit;

namespace Relay.Tests.Web.Dashboard;

/// <summary>The Now page stays small, however much there is.</summary>
public sealed class NowWeightTests : IAsyncLifetime
{
    private const int Messages = 10_000, Sessions = 200, Rulings = 500, Questions = 12, Most = 60_000;

    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task With_script_and_style_it_weighs_under_60_kB()
    {
        for (var session = 0; session < Sessions; session++)
            await _relay.AcceptAsync($"session-{session:000}", "Shall I go on?");
        await _relay.Database.WriteAsync(
            async writing =>
            {
                for (var message = 0; message < Messages; message++)
                    await InsertAsync(writing, $"session-{message % Sessions:000}", $"c{message % 40}", message);
                for (var ruling = 0; ruling < Rulings; ruling++)
                    await RulingStore.AddAsync(writing, Words($"c{ruling % 40}", ruling), CancellationToken);
                for (var question = 0; question < Questions; question++)
                    await AskAsync(writing, $"c{question}", question);
            },
            CancellationToken);

        var page = await RenderAsync();
        var files = 0;
        foreach (var name in new[] { "relay.js", "idiomorph.js", "relay.css", "icon.svg" })
            files += (await AssetAsync(name)).Length;

        TestContext.Current.SendDiagnosticMessage($"page {page.Length:N0} bytes, script and style {files:N0} bytes");
        Assert.Contains($"{Questions} questions wait for you", Encoding.UTF8.GetString(page), StringComparison.Ordinal);
        Assert.InRange(page.Length + files, 1, Most);
    }

    private static NewRuling Words(string conversation, int number) =>
        new(new ConversationId(conversation), Message: null, $"Ruling {number}: {new string('r', 300)}", RulingScope.Conversation);

    private static async Task<MessageId> InsertAsync(Writing writing, string session, string conversation, int number)
    {
        var message = new NewMessage(
            new ConversationId(conversation), SessionId.Stored(session), Speaker.Session, ReplyChannel.Folder, Origin: null,
            $"key-{number}", $"Message {number}");
        await ConversationStore.KnowAsync(writing, message.Conversation, CancellationToken);
        return (await MessageStore.InsertAsync(writing, message, CancellationToken))!.Id;
    }

    /// <summary>A long question with long options.</summary>
    private static async Task AskAsync(Writing writing, string conversation, int number)
    {
        var text = new StringBuilder($"[NEEDS-JC] Which way, {number}?\n\n");
        for (var line = 0; line < 60; line++)
            text.Append($"- {line}: *what* it rests on, with `code` and [a link](https://example.org/{line})\n");
        for (var option = 'a'; option < 'e'; option++)
            text.Append($"- ({option}) The way {option}: it takes a week, and two people, and nobody knows\n");
        var asked = text.ToString();
        var message = await InsertAsync(writing, $"session-{number:000}", conversation, Messages + number);
        var question = new NewQuestion(
            new ConversationId(conversation), message, SessionId.Stored($"session-{number:000}"), QuestionKind.Escalation, asked)
        {
            Escalation = Escalation.Parse(asked, "[NEEDS-JC]"),
        };
        var opened = await QuestionStore.OpenAsync(writing, question, CancellationToken);
        await QuestionPages.PageAsync(writing, opened, "[NEEDS-JC]", CancellationToken);
    }

    private async Task<byte[]> RenderAsync()
    {
        var context = new DefaultHttpContext { RequestServices = _relay.Get<IServiceProvider>() };
        using var body = new MemoryStream();
        context.Response.Body = body;
        await _relay.Get<NowPages>().ShowAsync(context);
        return body.ToArray();
    }

    private static async Task<byte[]> AssetAsync(string name)
    {
        var context = new DefaultHttpContext();
        context.Request.RouteValues["name"] = name;
        using var body = new MemoryStream();
        context.Response.Body = body;
        await OwnFiles.SendAsync(context);
        return body.ToArray();
    }
}

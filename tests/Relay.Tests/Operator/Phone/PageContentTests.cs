using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Relay.Storage;
using Xunit;

namespace Relay.Tests.Operator.Phone;

/// <summary>What of a page leaves this machine is the operator's choice.</summary>
public sealed class PageContentTests : PhoneTests
{
    [Theory]
    [InlineData("title", true)]
    [InlineData("none", false)]
    public async Task Only_what_was_chosen_leaves_the_machine(string content, bool withTitle)
    {
        await Relay.ConfigureAsync($"page_content: {content}\n");
        await EscalateAsync("[NEEDS-JC] The SECRET plan?", "secret-session");
        var asked = await PageAsync();
        await QueueAsync(PageCause.Stuck, "Relay: SECRET stuck", "a SECRET text");
        await PageAsync();
        await Relay.AnswerAsync("the SECRET answer");
        await Relay.RunAsync<Following>();
        await PageAsync();

        Assert.Contains("[NEEDS-JC]", asked.Title, StringComparison.Ordinal);
        Assert.Equal(withTitle, asked.Title.Contains("secret-session", StringComparison.Ordinal));
        Assert.DoesNotContain(Ntfy.Attempts, sent => sent.Contains("SECRET plan", StringComparison.Ordinal));
        Assert.DoesNotContain(Ntfy.Attempts, sent => sent.Contains("SECRET text", StringComparison.Ordinal));
        Assert.DoesNotContain(Ntfy.Attempts, sent => sent.Contains("SECRET answer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_page_did_not_show_cannot_be_allowed_from_it()
    {
        await Relay.ConfigureAsync("page_content: title\n");
        var question = await AskPermissionAsync();
        Assert.Equal(["Deny"], Labels(await PageAsync()));

        var outcome = await Relay.AnswerAsync("allow", question);

        Assert.Contains("not shown in full", Assert.IsType<Answers.Outcome.Refused>(outcome).Reason, StringComparison.Ordinal);
    }

    private Task<bool> QueueAsync(PageCause cause, string title, string body) => Relay.WriteAsync(
        (Writing writing) => PageStore.QueueAsync(writing, new NewPage(cause, title, body, Priority: 4, "x"), CancellationToken));
}

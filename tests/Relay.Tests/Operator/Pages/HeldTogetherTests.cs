using Relay.Conversations;
using Relay.Loopback;
using Relay.Operator.Pages;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator.Pages;

/// <summary>A burst of held messages does not bury the operator, and nothing of it goes unsaid.</summary>
public sealed class HeldTogetherTests : IAsyncLifetime
{
    private LoopbackNtfy _ntfy = null!;
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _ntfy = await LoopbackNtfy.StartAsync();
        _relay = await TempRelay.CreateAsync(ntfy: _ntfy.Address);
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _ntfy.DisposeAsync();
    }

    [Fact]
    public async Task Many_messages_held_at_once_each_for_itself_are_one_page_at_once_and_one_for_the_others()
    {
        for (var number = 1; number <= 60; number++)
            await HoldAsync(number);
        await QueueAsync(PageCause.Stuck, "stuck", "another matter");
        await SendAsync();
        await SendAsync();

        Assert.Equal(["Relay error: the API refuses a request", "stuck"], _ntfy.Pages.Select(page => page.Title).Order());
        Assert.InRange(_relay.Get<Pager>().Poll, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        await _relay.WriteAsync(writing => PageStore.ClearAsync(writing, PageCause.Message(Id(60)), CancellationToken));
        _relay.Clock.Advance(TimeSpan.FromSeconds(31));
        await SendAsync();
        await SendAsync();

        var page = Assert.Single(_ntfy.Pages, page => page.Title.EndsWith("messages are held, each for itself", StringComparison.Ordinal));
        Assert.Equal("Relay error: 58 messages are held, each for itself", page.Title);
        Assert.Equal(20, page.Message.Split("the API refuses a request. reason ").Length - 1);
        Assert.Contains("and 38 more\n", page.Message, StringComparison.Ordinal);
        Assert.Contains("relay messages", page.Message, StringComparison.Ordinal);
        Assert.Equal(3, _ntfy.Pages.Count);
        Assert.Equal(60, (await _relay.PagesAsync()).Count(each => each.State == "sent"));
    }

    [Fact]
    public async Task One_message_after_another_is_a_page_each()
    {
        for (var number = 1; number <= 3; number++)
        {
            await HoldAsync(number);
            await SendAsync();
            _relay.Clock.Advance(TimeSpan.FromMinutes(2));
        }

        Assert.Equal(3, _ntfy.Pages.Count);
        Assert.All(_ntfy.Pages, page => Assert.Equal("Relay error: the API refuses a request", page.Title));
    }

    private static MessageId Id(int number) => new($"message{number}");

    private Task<bool> HoldAsync(int number) =>
        QueueAsync(PageCause.Message(Id(number)), "Relay error: the API refuses a request", $"reason {number}\n\nremedy");

    private Task<bool> QueueAsync(PageCause cause, string title, string body) =>
        _relay.WriteAsync(writing =>
            PageStore.QueueAsync(writing, new NewPage(cause, title, body, Priority: 4, "warning"), CancellationToken));

    private Task<int> SendAsync() => _relay.RunAsync<Pager>();
}

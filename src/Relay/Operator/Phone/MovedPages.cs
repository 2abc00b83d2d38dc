using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Phone;

/// <summary>Sees that pages go elsewhere than before, to another server or topic, or that buttons carry other tokens. What is open is paged
/// anew then: where the operator looks now nothing of it is shown, and nobody hears the buttons of before.</summary>
internal sealed partial class MovedPages(Database database, SettingsSource settings, ILogger<MovedPages> log) : ILoop
{
    private const string Where = "pages_where";

    public string Name => "seeing where pages go";

    public Topic? WakesOn => Topic.Settings;

    public TimeSpan Poll => TimeSpan.FromMinutes(1);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var where = Place(settings.Current.Secrets);
        var before = await database.ReadAsync(reading => FactStore.FindAsync(reading, Where, cancellationToken), cancellationToken);
        if (before != where)
            await database.WriteAsync(writing => MoveAsync(writing, before, where, cancellationToken), cancellationToken);
        return 0;
    }

    /// <summary>What the server does not have yet goes to the new place by itself, as does what is put off, at its time.</summary>
    private async Task MoveAsync(Writing writing, string? before, string where, CancellationToken cancellationToken)
    {
        await FactStore.SetAsync(writing, Where, where, cancellationToken);
        if (before is null)
            return;
        foreach (var page in await PageStore.FollowedAsync(writing, cancellationToken))
            if (page is { ClearedAt: null, SentAt: not null, IsQueued: false, QuietUntil: null, Together: null })
            {
                await PageStore.AgainAsync(writing, page.Id, step: 0, newButtons: !page.Cause.IsBurst, cancellationToken);
                writing.OnceCommitted(() => LogMoved(page.Cause));
            }
    }

    private static string Place(Secrets secrets) => secrets.Derived(
        $"pages\n{secrets.NtfyServer}\n{secrets.NtfyTopic}\n{secrets.NtfyAnswerTopic}\n{secrets.NtfyAnswerToken ?? secrets.NtfyToken}");

    [LoggerMessage(LogLevel.Information, "{Page} is paged again: pages go elsewhere now")]
    private partial void LogMoved(PageCause page);
}

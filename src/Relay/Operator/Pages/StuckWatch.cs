using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Pages;

/// <summary>Pages when the oldest message that should be moving has not for stuck_after, again every ten minutes, and once when it clears.
/// What waits for the operator or is held was paged for its own reason.</summary>
internal sealed partial class StuckWatch(
    MessageStore messages, PageStore pages, Database database, SettingsSource settings, Faults faults, TimeProvider clock, ILogger<StuckWatch> log)
    : Loop(new ChangeSignal(), faults, clock, log)
{
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(10);
    private readonly ILogger _log = log;

    protected override TimeSpan PollInterval => TimeSpan.FromSeconds(1);

    public override async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var since = (await pages.StandingAsync(cancellationToken)).Where(page => page.Cause == PageCause.Stuck).Select(page => (DateTimeOffset?)page.Since).FirstOrDefault();
        var stuck = await messages.OldestMovingAsync(cancellationToken);
        var age = stuck is null ? TimeSpan.Zero : Clock.GetUtcNow() - stuck.Since;
        if (stuck is null || age < settings.Current.Config.StuckAfter)
        {
            if (since is not null)
                await ClearAsync(cancellationToken);
            return 0;
        }
        if (since is null || Clock.GetUtcNow() - since >= Again)
            await PageAsync(stuck.Message, age, cancellationToken);
        return 0;
    }

    private async Task PageAsync(Message stuck, TimeSpan age, CancellationToken cancellationToken)
    {
        var waiting = string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes} min {age.Seconds} s");
        var body = $"The oldest message, of {stuck.Session}, has waited {waiting}: {stuck.State.Word()}{(stuck.Reason is null ? "" : ", " + stuck.Reason)}.";
        await database.WriteAsync(
            async transaction =>
            {
                await pages.ClearAsync(transaction, PageCause.Stuck, cancellationToken);
                await pages.QueueAsync(transaction, new NewPage(PageCause.Stuck, "Relay: queue stuck", body, Priority: 4, "warning"), cancellationToken);
            },
            cancellationToken);
        LogStuck(stuck.Id, (long)age.TotalSeconds);
    }

    private async Task ClearAsync(CancellationToken cancellationToken)
    {
        await database.WriteAsync(
            async transaction =>
            {
                await pages.ClearAsync(transaction, PageCause.Stuck, cancellationToken);
                await pages.ClearAsync(transaction, "moving", cancellationToken);
                await pages.QueueAsync(
                    transaction, new NewPage("moving", "Relay: queue moving again", "It was stuck and is no longer.", Priority: 3, "white_check_mark"), cancellationToken);
            },
            cancellationToken);
        LogMoving();
    }

    [LoggerMessage(LogLevel.Error, "Stuck: {MessageId} has waited {Seconds} s")]
    private partial void LogStuck(MessageId messageId, long seconds);

    [LoggerMessage(LogLevel.Information, "The queue moves again")]
    private partial void LogMoving();
}

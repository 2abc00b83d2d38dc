using Relay.Intake;
using Relay.Operator.Pages;
using Relay.Turns;
using Relay.Web.Status;

namespace Relay.Tests.Storage.Plans;

internal sealed partial class WorkingDay
{
    private async Task LookAsync()
    {
        await relay.StatusAsync();
        await relay.RunAsync<StatusMirror>();
        await relay.Get<Health>().ReadAsync(CancellationToken);
        await relay.RunAsync<StuckWatch>();
        await relay.RunAsync<Pager>();
        await relay.RunAsync<AdvisorLoop>();
        await relay.RunAsync<QueueFolder>();
    }
}

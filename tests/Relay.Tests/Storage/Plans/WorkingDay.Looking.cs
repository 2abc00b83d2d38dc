using Relay.Intake;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Turns;
using Relay.Web.Dashboard;
using Relay.Web.Status;

namespace Relay.Tests.Storage.Plans;

internal sealed partial class WorkingDay
{
    private async Task LookAsync()
    {
        await relay.StatusAsync();
        await relay.RunAsync<StatusMirror>();
        await relay.Get<Health>().ReadAsync(CancellationToken);
        await relay.Get<NowReader>().ReadAsync("", CancellationToken);
        await relay.Get<ThreadReader>().ListAsync(CancellationToken);
        await relay.Get<ThreadReader>().PartAsync("c1", through: null, CancellationToken);
        await relay.RunAsync<TapSender>();
        await relay.RunAsync<StuckWatch>();
        await relay.RunAsync<Pager>();
        await relay.RunAsync<AdvisorLoop>();
        await relay.RunAsync<QueueFolder>();
    }
}

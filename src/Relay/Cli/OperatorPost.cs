namespace Relay.Cli;

/// <summary>Sends the operator's words to the daemon, in one piece and under one id, so that they are taken once however often it takes to
/// bring them there.</summary>
internal static class OperatorPost
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(300);

    /// <summary>Long enough for a daemon that is being restarted.</summary>
    private const int Attempts = 5;

    public static string NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString();

    public static async Task<DaemonClient.Response> SendAsync<T>(
        DaemonClient daemon, string path, T body, CancellationToken cancellationToken)
    {
        var response = await daemon.PostAsync(path, body, ResponseTimeout, cancellationToken);
        for (var attempt = 2; IsWorthRetrying(response) && attempt <= Attempts; attempt++)
        {
            await Task.Delay(RetryPause, TimeProvider.System, cancellationToken);
            response = await daemon.PostAsync(path, body, ResponseTimeout, cancellationToken);
        }
        return response;
    }

    private static bool IsWorthRetrying(DaemonClient.Response response) =>
        response is DaemonClient.Response.Unanswered or DaemonClient.Response.Received { Status: >= 500 };
}

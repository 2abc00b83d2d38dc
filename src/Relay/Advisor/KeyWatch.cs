using Relay.Configuration;
using Relay.Conversations;
using Relay.Running;

namespace Relay.Advisor;

/// <summary>Without a key nothing can be asked: that is a fault from the start, and not only once a message is held for it.</summary>
internal sealed class KeyWatch(SettingsSource settings, Faults faults) : ILoop
{
    public const string Source = "API key", Missing = HoldReasons.NoKey;

    public string Name => "looking for the API key";

    public Topic? WakesOn => Topic.Settings;

    public TimeSpan Poll => TimeSpan.FromSeconds(30);

    public Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        if (IsMissing(settings.Current))
            faults.Set(Source, $"{Missing}: put it into {settings.Current.Home.EnvFile}");
        else
            faults.Clear(Source);
        return Task.FromResult(0);
    }

    public static bool IsMissing(Settings settings) =>
        settings.Config.Advisor == AdvisorKind.Anthropic && settings.Secrets.ApiKey is null;
}

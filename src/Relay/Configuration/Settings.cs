namespace Relay.Configuration;

/// <summary>One consistent snapshot of all settings.</summary>
internal sealed record Settings(RelayHome Home, RelayConfig Config, Secrets Secrets);

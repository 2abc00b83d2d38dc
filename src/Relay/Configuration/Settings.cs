namespace Relay.Configuration;

/// <summary>What the running program uses: one consistent snapshot.</summary>
internal sealed record Settings(RelayHome Home, RelayConfig Config, Secrets Secrets);

namespace Relay.Storage;

/// <summary>What a look at the stored data has found.</summary>
/// <param name="Fault">The first of it; null where there is none.</param>
/// <param name="IsWhole">All of it was looked at.</param>
internal sealed record Soundness(string? Fault, bool IsWhole);

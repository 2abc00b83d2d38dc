using Relay.Operator.Rulings;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>What the operator does with rulings, from wherever.</summary>
internal sealed class RulingDesk(Database database)
{
    /// <summary>Why not; null when it is done.</summary>
    public Task<string?> RetireAsync(long ruling, string? reason, CancellationToken cancellationToken) => WriteAsync(
        writing => RulingChanges.RetireAsync(writing, ruling, reason, cancellationToken), cancellationToken);

    /// <inheritdoc cref="RetireAsync"/>
    public Task<string?> SetScopeAsync(long ruling, RulingScope scope, CancellationToken cancellationToken) => WriteAsync(
        writing => RulingChanges.SetScopeAsync(writing, ruling, scope, cancellationToken), cancellationToken);

    private async Task<string?> WriteAsync(Func<Writing, Task<string?>> work, CancellationToken cancellationToken)
    {
        database.ThrowIfDamaged();
        return await database.WriteAsync(work, cancellationToken);
    }
}

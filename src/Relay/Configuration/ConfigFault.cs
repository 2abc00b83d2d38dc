using Relay.Conversations;

namespace Relay.Configuration;

/// <summary>One thing wrong with the settings, in one line: where, what, and what is allowed. Never holds a secret.</summary>
internal sealed record ConfigFault(string File, int? Line, string Message)
{
    public override string ToString() => Line is null ? $"{File}: {Message}" : $"{File}:{Line}: {Message}";
}

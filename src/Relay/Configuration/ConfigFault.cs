namespace Relay.Configuration;

/// <summary>One fault in the settings, as one line: where it is, what is wrong, and what is allowed. Never holds a secret.</summary>
internal sealed record ConfigFault(string File, int? Line, string Message)
{
    public override string ToString() => Line is null ? $"{File}: {Message}" : $"{File}:{Line}: {Message}";
}

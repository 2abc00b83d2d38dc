namespace Relay.Configuration;

internal abstract record Parsed<T>
{
    private Parsed() { }
    public sealed record Valid(T Value) : Parsed<T>;
    public sealed record Invalid(string Wrong, string Allowed) : Parsed<T>;
}

/// <summary>Says of a value whether it is allowed, and what it means.</summary>
internal delegate Parsed<T> Rule<T>(YamlValue value);

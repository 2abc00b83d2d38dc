namespace Relay.Configuration;

internal abstract record Parsed<T>
{
    private Parsed() { }
    public sealed record Valid(T Value) : Parsed<T>;
    public sealed record Invalid(string Wrong, string Allowed) : Parsed<T>;
}

/// <summary>Checks a value and converts it.</summary>
internal delegate Parsed<T> Rule<T>(YamlValue value);

using System.Globalization;

namespace Relay.Bench;

/// <summary>What a figure is held against in the same run: the same figure of the floor, of an empty store.</summary>
internal sealed record Yardstick(string Unit, double Value)
{
    public static Yardstick Floor(double value) => new("floors", value);

    public static Yardstick Empty(double value) => new("x empty", value);
}

/// <summary>What a figure should be: itself, or its ratio to the yardstick, whose unit it is told in then.</summary>
internal sealed record Aim(string Sign, double Target, string? Unit)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Sign} {Target:0.##} {Unit}").TrimEnd();

    public bool IsMet(double? value) => Sign == Figure.LessSign ? value <= Target : value >= Target;
}

/// <summary>One measured figure, beside a yardstick and an aim if it has them.</summary>
internal sealed record Figure(string Name, double? Value, string Unit)
{
    public const string LessSign = "<=", MoreSign = ">=";

    /// <summary>"As when empty" within what the machine's other work does to both.</summary>
    public const double RoomOverEmpty = 1.25;

    public Yardstick? Yardstick { get; private init; }

    public Aim? Aim { get; private init; }

    /// <summary>Instead of a value: why there is none.</summary>
    public string? Unknown { get; private init; }

    /// <summary>Null without a yardstick, and against one of 0.</summary>
    public double? Ratio => Yardstick is null or { Value: 0 } ? null : Value / Yardstick.Value;

    public bool Missed => Aim is { } aim && !aim.IsMet(aim.Unit is null ? Value : Ratio);

    public static Figure NotMeasured(string name, string why) => new(name, null, "") { Unknown = why };

    public Figure Against(Yardstick? yardstick) => this with { Yardstick = yardstick };

    public Figure AtMost(double target) => this with { Aim = new Aim(LessSign, target, null) };

    public Figure AtLeast(double target) => this with { Aim = new Aim(MoreSign, target, null) };

    public Figure AtMost(double target, Yardstick yardstick) =>
        this with { Yardstick = yardstick, Aim = new Aim(LessSign, target, yardstick.Unit) };

    public Figure AtLeast(double target, Yardstick yardstick) =>
        this with { Yardstick = yardstick, Aim = new Aim(MoreSign, target, yardstick.Unit) };

    public Figure AsWhenEmpty(double empty) => AtMost(RoomOverEmpty, Yardstick.Empty(empty));
}

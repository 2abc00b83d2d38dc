namespace Relay.Configuration.Allowing;

/// <summary>The options of a program, or of one of its commands, that only read. An option that is not listed in full is not harmless:
/// most programs take the beginning of an option for the option.</summary>
/// <param name="Letters">Options of one letter without a value; they may stand together.</param>
/// <param name="Valued">Options of one letter; what follows in the word is the value.</param>
/// <param name="Long">Options of a word, without the dashes; a value may follow after =.</param>
internal sealed record Shape(string Letters, string Valued, string Long)
{
    private readonly HashSet<string> _long = [.. Long.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>How many words that are no options there may be.</summary>
    public int Operands { get; init; } = int.MaxValue;

    /// <summary>At least one of these words must be there before there may be operands.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    public static Shape operator +(Shape one, Shape other) =>
        new(one.Letters + other.Letters, one.Valued + other.Valued, $"{one.Long} {other.Long}");

    /// <summary>Every word with a dash is judged, after -- too: that may be the value of an option before it.</summary>
    public bool Fits(IEnumerable<ShellWord> rest)
    {
        var words = rest.ToList();
        if (words.Exists(word => word.MayBecomeAnOption || (word.Text.StartsWith('-') && !IsHarmless(word.Text))))
            return false;
        var operands = words.Count(word => !word.Text.StartsWith('-'));
        return operands <= Operands
            && (operands == 0 || Needs.Count == 0 || words.Exists(word => Needs.Contains(word.Text)));
    }

    private bool IsHarmless(string option)
    {
        if (option is "-" or "--")
            return true;
        if (option.StartsWith("--", StringComparison.Ordinal))
            return _long.Contains(option[2..].Split('=')[0]);
        foreach (var letter in option.AsSpan(1))
        {
            if (Valued.Contains(letter))
                return true;
            if (!Letters.Contains(letter))
                return false;
        }
        return true;
    }
}

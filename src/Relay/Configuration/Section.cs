using Relay.Texts;

namespace Relay.Configuration;

/// <summary>One mapping of config.yaml, read key by key. At the end <see cref="ReportUnknownKeys"/> reports the keys nobody read.</summary>
internal sealed class Section(YamlValue.Map map, string path, string file, List<ConfigFault> faults)
{
    private const int NoLine = 0;
    private readonly List<string> _known = [];

    /// <summary>Stands for a mapping that is missing, or for a value of another kind whose fault is already reported.</summary>
    public static Section Empty(string file, List<ConfigFault> faults) => new(new YamlValue.Map(NoLine, []), "", file, faults);

    public int? LineOf(string key) => Find(key)?.Line;

    public T Read<T>(string key, T fallback, Rule<T> rule)
    {
        if (Find(key) is not { } entry)
            return fallback;

        switch (rule(entry.Value))
        {
            case Parsed<T>.Valid valid:
                return valid.Value;
            case Parsed<T>.Invalid invalid:
                Fault(entry.Line, key, $"{invalid.Wrong}; allowed: {invalid.Allowed}");
                break;
        }
        return fallback;
    }

    public void Require(string key, string allowed)
    {
        if (map.Line != NoLine && Find(key) is null)
            Fault(map.Line, key, $"is missing; allowed: {allowed}");
    }

    public Section Child(string key) => Find(key) switch
    {
        null => Empty(file, faults),
        { } entry => Open(entry.Value, entry.Line, key),
    };

    /// <summary>The mappings of a list; null when the key is missing or its value is not a list.</summary>
    public IReadOnlyList<Section>? Children(string key)
    {
        if (Find(key) is not { } entry)
            return null;
        if (entry.Value is YamlValue.List list)
            return [.. list.Items.Select((item, index) => Open(item, item.Line, $"{key}[{index}]"))];

        Fault(entry.Line, key, $"{entry.Value.Problem}; allowed: a list, or [] for none");
        return null;
    }

    public void Fault(int line, string key, string message) => faults.Add(new ConfigFault(file, line, $"{path}{key}: {message}"));

    /// <summary>Reports each key that nothing has read, and each key that appears twice. Call it when every known key was read.</summary>
    public void ReportUnknownKeys()
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in map.Entries)
        {
            if (!_known.Contains(entry.Key))
                Fault(entry.Line, Printable.Short(entry.Key), $"unknown key{Suggestion(entry.Key)}; allowed: {string.Join(", ", _known)}");
            else if (!first.TryAdd(entry.Key, entry.Line))
                Fault(entry.Line, entry.Key, $"appears a second time, after line {first[entry.Key]}; allowed: once");
        }
    }

    private Section Open(YamlValue value, int line, string key)
    {
        if (value is YamlValue.Map child)
            return new Section(child, $"{path}{key}.", file, faults);

        Fault(line, key, $"{value.Problem}; allowed: a mapping of keys to values");
        return Empty(file, faults);
    }

    private YamlEntry? Find(string key)
    {
        if (!_known.Contains(key))
            _known.Add(key);
        return map.Entries.FirstOrDefault(entry => entry.Key == key);
    }

    private string Suggestion(string key) => NearestName.Of(key, _known) is { } nearest ? $", did you mean {nearest}?" : "";
}

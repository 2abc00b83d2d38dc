using Relay.Texts;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Relay.Configuration;

/// <summary>Reads the one document of a YAML text into values that know their lines.
/// YamlDotNet's own tree is not used: it stops at the first duplicate key and sets no limit to nesting.</summary>
internal sealed class YamlDocument
{
    private const int DeepestNesting = 20;

    private readonly Parser _parser;
    private readonly Dictionary<string, YamlValue> _anchored = new(StringComparer.Ordinal);

    private YamlDocument(string text) => _parser = new Parser(new StringReader(text));

    /// <summary>Null when the text holds no document.</summary>
    /// <exception cref="YamlException">The text is malformed; holds the place.</exception>
    public static YamlValue? Parse(string text)
    {
        var document = new YamlDocument(text);
        try
        {
            return document.Root();
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // The scanner throws these for some malformed text. The end of the last event is the best place we know.
            var place = document._parser.Current?.End ?? Mark.Empty;
            throw new YamlException(place, place, "the text from here on cannot be understood", exception);
        }
    }

    private YamlValue? Root()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
            return null;

        _parser.Consume<DocumentStart>();
        var root = Value(0);
        _parser.Consume<DocumentEnd>();
        if (_parser.Accept<DocumentStart>(out var second))
            throw new YamlException(second.Start, second.End, "a second document starts here; allowed: one document");
        return root;
    }

    private YamlValue Value(int depth)
    {
        if (_parser.TryConsume<AnchorAlias>(out var alias))
            return Aliased(alias);

        var start = _parser.Consume<NodeEvent>();
        if (depth > DeepestNesting)
            throw new YamlException(start.Start, start.End, $"nested too deeply; allowed: {DeepestNesting} levels");

        var value = Complete(start, depth);
        if (!start.Anchor.IsEmpty)
            _anchored[start.Anchor.Value] = value;
        return value;
    }

    private YamlValue Aliased(AnchorAlias alias) =>
        _anchored.GetValueOrDefault(alias.Value.Value)
        ?? new YamlValue.Refused(LineOf(alias), $"the alias *{Printable.Short(alias.Value.Value)} has no anchor before it");

    private YamlValue Complete(NodeEvent start, int depth)
    {
        YamlValue value = start switch
        {
            Scalar scalar => Scalar(scalar),
            SequenceStart => new YamlValue.List(LineOf(start), [.. Items(depth)]),
            _ => new YamlValue.Map(LineOf(start), [.. Entries(depth)]),
        };
        return start.Tag.IsEmpty || start.Tag.IsNonSpecific
            ? value
            : new YamlValue.Refused(LineOf(start), $"the tag {Printable.Short(start.Tag.Value)} is not supported");
    }

    private static YamlValue.Scalar Scalar(Scalar scalar) => scalar is { Style: ScalarStyle.Plain, Tag.IsEmpty: true }
        ? YamlValue.Scalar.Plain(LineOf(scalar), scalar.Value)
        : new YamlValue.Scalar(LineOf(scalar), scalar.Value, ScalarKind.Text);

    private IEnumerable<YamlValue> Items(int depth)
    {
        while (!_parser.TryConsume<SequenceEnd>(out _))
            yield return Value(depth + 1);
    }

    private IEnumerable<YamlEntry> Entries(int depth)
    {
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (!_parser.TryConsume<Scalar>(out var key))
                throw new YamlException(_parser.Current!.Start, _parser.Current.End, "a key is not plain text; allowed: KEY: VALUE");
            if (!key.Anchor.IsEmpty)
                _anchored[key.Anchor.Value] = Scalar(key);
            yield return new YamlEntry(key.Value, LineOf(key), Value(depth + 1));
        }
    }

    private static int LineOf(ParsingEvent parsed) => (int)parsed.Start.Line;
}

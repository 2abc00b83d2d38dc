using System.Buffers;
using System.Text;

namespace Relay.Agents.Hooks;

/// <summary>Keeps the wanted fields of a JSON object that comes in pieces, and passes over the others without keeping them: what a tool
/// has answered may have 100 MB, and nobody here uses it. What is kept is an object again; its reader finds what is wrong in it.</summary>
/// <param name="wanted">The names.</param>
/// <param name="optional">Of those, the ones that are left out where they do not fit: how many bytes each may have by itself.</param>
/// <param name="longest">How many bytes are kept.</param>
internal sealed class FieldFilter(IReadOnlySet<string> wanted, IReadOnlyDictionary<string, int> optional, int longest)
{
    private const int LongestName = 64;

    private readonly ArrayBufferWriter<byte> _kept = new();
    private readonly List<byte> _name = [];
    private Place _place = Place.Before;
    private int _depth;
    private bool _inText, _escaped, _isKept;

    /// <summary>Of the field at hand: where it begins in what is kept, its name, and how much of it may be kept where it can be left out.
    /// </summary>
    private (int Start, string Name, int? Longest) _field;

    private readonly HashSet<string> _cut = [];

    private enum Place
    {
        Before,
        Name,
        Value,
        After,
        Nowhere,
    }

    /// <summary>The object with what was wanted; null when it was none, or has not ended.</summary>
    public byte[]? Object => _place == Place.After ? [(byte)'{', .. _kept.WrittenSpan, (byte)'}'] : null;

    /// <summary>More was wanted than may be kept.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>The optional fields that were left out.</summary>
    public IReadOnlySet<string> Cut => _cut;

    public void Add(ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty && !IsTooLarge && _place != Place.Nowhere)
        {
            if (Passed(piece) is var passed and > 0)
            {
                piece = piece[passed..];
                continue;
            }
            Add(piece[0]);
            piece = piece[1..];
        }
    }

    /// <summary>How much of a text nobody wants lies at the beginning.</summary>
    private int Passed(ReadOnlySpan<byte> piece)
    {
        if (!_inText || _escaped || _place != Place.Value || _isKept)
            return 0;
        var end = piece.IndexOfAny((byte)'"', (byte)'\\');
        return end < 0 ? piece.Length : end;
    }

    private void Add(byte next)
    {
        switch (_place)
        {
            case Place.Before when next == '{':
                (_place, _depth) = (Place.Name, 1);
                break;
            case Place.Name:
                AddToName(next);
                break;
            case Place.Value:
                AddToValue(next);
                break;
            case Place.Before when IsBlank(next) || next is 0xEF or 0xBB or 0xBF: // A byte order mark.
            case Place.After when IsBlank(next):
                break;
            default:
                _place = Place.Nowhere;
                break;
        }
    }

    private void AddToName(byte next)
    {
        if (_inText && (next != '"' || _escaped))
        {
            _escaped = next == '\\' && !_escaped;
            if (_name.Count <= LongestName)
                _name.Add(next);
        }
        else if (next == '"')
            _inText = !_inText;
        else if (next == ':')
            BeginValue();
        else if (next == '}')
            _place = Place.After;
        else if (!IsBlank(next))
            _place = Place.Nowhere;
    }

    private void BeginValue()
    {
        var name = Encoding.UTF8.GetString([.. _name]);
        _name.Clear();
        (_place, _isKept) = (Place.Value, wanted.Contains(name));
        if (!_isKept)
            return;
        _field = (_kept.WrittenCount, name, optional.TryGetValue(name, out var most) ? most : null);
        Keep(Encoding.UTF8.GetBytes($"{(_field.Start > 0 ? "," : "")}\"{name}\":"));
    }

    private void AddToValue(byte next)
    {
        if (_inText)
            (_inText, _escaped) = (next != '"' || _escaped, next == '\\' && !_escaped);
        else if (next == '"')
            _inText = true;
        else if (next is (byte)'{' or (byte)'[')
            _depth++;
        else if (next is (byte)'}' or (byte)']' && --_depth == 0)
        {
            _place = Place.After;
            return;
        }
        else if (next == ',' && _depth == 1)
        {
            _place = Place.Name;
            return;
        }
        if (_isKept)
            Keep([next]);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        var after = _kept.WrittenCount + bytes.Length;
        if (after <= longest && !(after - _field.Start > _field.Longest))
        {
            _kept.Write(bytes);
            return;
        }
        if (_field.Longest is null)
            IsTooLarge = true;
        else
            _cut.Add(_field.Name);
        _isKept = false;
        var before = _kept.WrittenSpan[.._field.Start].ToArray();
        _kept.ResetWrittenCount();
        _kept.Write(before);
    }

    private static bool IsBlank(byte next) => next is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
}

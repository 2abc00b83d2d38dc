using System.Text;
using Relay.Files;

namespace Relay.Configuration;

/// <summary>A .env file to which keys can be added without changing any other byte.
/// The text is kept as Latin-1, where every byte is one character. So invalid UTF-8 is written back unchanged.</summary>
internal sealed class DotEnv
{
    private const int LargestBytes = 1 << 20;
    private const string Utf8Bom = "\u00EF\u00BB\u00BF";

    private readonly string _path;
    private readonly Dictionary<string, DotEnvLine> _last = new(StringComparer.Ordinal);
    private string _text;
    private bool _changed;

    private DotEnv(string path, string text)
    {
        _path = path;
        _text = text;
        Index();
    }

    public string Name => Path.GetFileName(_path);

    /// <summary>The value of the key's last line; null when the key has no line.</summary>
    public string? this[string key] => _last.TryGetValue(key, out var line) ? line.Value : null;

    /// <summary>Without any key.</summary>
    public bool IsBlank => _last.Count == 0;

    public int? LineOf(string key) => _last.TryGetValue(key, out var line) ? line.Number : null;

    /// <summary>A missing file counts as empty. Only the relay's own keys can have faults; other lines are left alone.</summary>
    public static DotEnv Load(string path, List<ConfigFault> faults)
    {
        var name = Path.GetFileName(path);
        switch (BoundedFile.ReadOwn(path, LargestBytes))
        {
            case FileContent.Missing:
                return new DotEnv(path, "");
            case FileContent.Unreadable unreadable:
                faults.Add(new ConfigFault(name, null, unreadable.Reason));
                return new DotEnv(path, "");
            case FileContent.Bytes { Content: [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] }:
                faults.Add(new ConfigFault(name, 1, "the file is UTF-16; allowed: UTF-8"));
                return new DotEnv(path, "");
            case FileContent.Bytes bytes:
                var file = new DotEnv(path, Encoding.Latin1.GetString(bytes.Content));
                faults.AddRange(file.OwnFaults());
                return file;
            default:
                throw new InvalidOperationException("unknown file content");
        }
    }

    /// <summary>Fills in the key's line if its value is empty; otherwise appends a line.</summary>
    public void Set(string key, string value)
    {
        var written = DotEnvLine.Write(value);
        if (_last.TryGetValue(key, out var line) && string.IsNullOrWhiteSpace(line.Value) && line.Fault is null)
            _text = _text[..line.ValueStart] + written + _text[line.ValueEnd..];
        else
            Append($"{key}={written}");

        _changed = true;
        Index();
    }

    /// <summary>Replaces the file in one step, and only if something was set. Of a symbolic link the target is replaced.</summary>
    public void Save()
    {
        if (!_changed)
            return;

        DurableFile.ReplaceKeepingMode(LinkTarget.Of(_path), Encoding.Latin1.GetBytes(_text));
        _changed = false;
    }

    private void Append(string line)
    {
        var newline = _text.LastIndexOf('\n') is var last and > 0 && _text[last - 1] == '\r' ? "\r\n" : "\n";
        var gap = _text.Length == 0 || _text == Utf8Bom || _text.EndsWith('\n') ? "" : newline;
        _text += gap + line + newline;
    }

    private void Index()
    {
        _last.Clear();
        foreach (var line in Lines())
            _last[line.Key] = line;
    }

    private IEnumerable<ConfigFault> OwnFaults() =>
        from line in Lines()
        where line.Fault is not null && Secrets.Keys.Contains(line.Key)
        select new ConfigFault(Name, line.Number, $"{line.Key}: {line.Fault}");

    private IEnumerable<DotEnvLine> Lines()
    {
        var start = _text.StartsWith(Utf8Bom, StringComparison.Ordinal) ? Utf8Bom.Length : 0;
        for (var number = 1; start < _text.Length; number++)
        {
            var newline = _text.IndexOf('\n', start);
            var next = newline < 0 ? _text.Length : newline + 1;
            var end = newline < 0 ? _text.Length : newline;
            if (end > start && _text[end - 1] == '\r')
                end--;
            if (DotEnvLine.Parse(_text, start, end, number) is { } line)
                yield return line;
            start = next;
        }
    }
}

using System.Text;

namespace Relay.Configuration.Allowing;

/// <summary>A word of a command, as the program gets it.</summary>
/// <param name="Text">Without its quotes.</param>
/// <param name="IsGlob">The shell puts file names in its place.</param>
internal sealed record ShellWord(string Text, bool IsGlob)
{
    /// <summary>A file name in its place could begin with a dash, and be taken for an option.</summary>
    public bool MayBecomeAnOption => IsGlob && Text[0] is '*' or '?' or '[' or '-';
}

/// <summary>Takes a command apart as a shell does, as far as it is one plain command: no other is started, nothing is redirected, no
/// variable is put in. bash and zsh agree about what is left.</summary>
internal sealed class ShellWords
{
    private readonly string _command;
    private readonly List<ShellWord> _words = [];
    private readonly StringBuilder _word = new();
    private int _at;
    private bool _inWord, _isGlob, _hasBrace;

    private ShellWords(string command) => _command = command;

    /// <summary>Null for everything else.</summary>
    public static IReadOnlyList<ShellWord>? Parse(string command)
    {
        var shell = new ShellWords(command);
        while (shell._at < command.Length)
            if (!shell.Next())
                return null;
        return shell.EndWord() && shell._words.Count > 0 ? shell._words : null;
    }

    private bool Next()
    {
        var c = _command[_at++];
        switch (c)
        {
            case ' ' or '\t':
                return EndWord();
            case '\'':
                return Quoted();
            case '"':
                return DoublyQuoted();
            case '\\':
                return _at < _command.Length && !char.IsControl(_command[_at]) && Add(_command[_at++]);
            case ';' or '&' or '|' or '<' or '>' or '(' or ')' or '$' or '`':
                return false;
            case '#' or '=' when !_inWord: // A comment; in zsh, the path of a program.
                return false;
            case '~' when !_inWord:
                return (_at == _command.Length || _command[_at] is '/' or ' ' or '\t') && Add(c);
            case '*' or '?' or '[':
                _isGlob = true;
                return Add(c);
            case '{':
                _hasBrace = true;
                return Add(c);
            default:
                return !char.IsControl(c) && Add(c);
        }
    }

    private bool Quoted()
    {
        var end = _command.IndexOf('\'', _at);
        if (end < 0)
            return false;
        _inWord = true;
        foreach (var c in _command.AsSpan(_at, end - _at))
            if (char.IsControl(c) || !Add(c))
                return false;
        _at = end + 1;
        return true;
    }

    private bool DoublyQuoted()
    {
        _inWord = true;
        while (_at < _command.Length)
        {
            var c = _command[_at++];
            if (c == '"')
                return true;
            if (c is '$' or '`' || char.IsControl(c))
                return false;
            if (c == '\\' && _at < _command.Length && _command[_at] is '$' or '`' or '"' or '\\')
                c = _command[_at++];
            Add(c);
        }
        return false;
    }

    private bool Add(char c)
    {
        _inWord = true;
        _word.Append(c);
        return true;
    }

    private bool EndWord()
    {
        if (!_inWord)
            return true;
        var text = _word.ToString();
        if (_hasBrace && (text.Contains(',') || text.Contains("..", StringComparison.Ordinal))) // {a,b} becomes two words.
            return false;
        _words.Add(new ShellWord(text, _isGlob && text.Length > 0));
        _word.Clear();
        (_inWord, _isGlob, _hasBrace) = (false, false, false);
        return true;
    }
}

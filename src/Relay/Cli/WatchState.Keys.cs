namespace Relay.Cli;

/// <summary>What the keys mean.</summary>
internal sealed partial class WatchState
{
    private string _typedNumber = "";

    public void Press(Key key)
    {
        if (IsHelp)
        {
            IsHelp = false;
            IsOver = key is Key.Named { Name: KeyName.Interrupt };
            return;
        }
        switch (key)
        {
            case Key.Named named:
                Press(named.Name);
                break;
            case Key.Pasted pasted when pasted.Text.Length > 0:
                Write(pasted.Text);
                break;
            case Key.Typed typed:
                Type(typed.Text);
                break;
        }
    }

    private void Press(KeyName key)
    {
        if (key != KeyName.Enter)
            _typedNumber = "";
        switch (key)
        {
            case KeyName.Interrupt:
                IsOver = true;
                break;
            case KeyName.Up or KeyName.Down:
                Move(key == KeyName.Up ? -1 : 1);
                break;
            case KeyName.PageUp or KeyName.PageDown:
                ScrollBy?.Invoke(key == KeyName.PageUp ? -1 : 1);
                break;
            case KeyName.Tab or KeyName.BackTab:
                Turn(key == KeyName.Tab ? 1 : -1);
                break;
            case KeyName.Escape:
                (IsTyping, Notice) = (false, null);
                if (Draft.IsEmpty)
                    _target = null;
                break;
            case KeyName.Enter:
                Enter();
                break;
            default:
                if (!IsSending)
                    Draft.Take(key);
                break;
        }
    }

    /// <summary>Scrolls by so many pages: how long one is, the frame knows.</summary>
    public Action<int>? ScrollBy { get; set; }

    private void Type(string sign)
    {
        if (Draft.IsEmpty && !IsTyping && Command(sign))
            return;
        _typedNumber = "";
        Write(sign);
    }

    /// <summary>An option's key is the beginning of an answer, whatever else it means.</summary>
    private bool Command(string sign)
    {
        var isOption = Target.StartsWith(ToQuestion, StringComparison.Ordinal) && _typedNumber.Length == 0
            && Question?.Options.Any(option => option.Key.StartsWith(sign, StringComparison.OrdinalIgnoreCase)) == true;
        switch (sign)
        {
            case not [>= '0' and <= '9'] when isOption:
            case [>= '0' and <= '9'] when isOption:
                return false;
            case [>= '0' and <= '9'] or "#":
                TypeNumber(sign);
                return true;
            case "q":
                Leave();
                return true;
            case "?":
                IsHelp = true;
                return true;
            case " ":
                ScrollBy?.Invoke(1);
                return true;
            default:
                return false;
        }
    }

    private void Leave()
    {
        var unsent = _drafts.Where(each => !each.Value.IsEmpty).Select(each => each.Key).ToList();
        const string again = "q again quits";
        IsOver = unsent.Count == 0 || Notice?.Text.EndsWith(again, StringComparison.Ordinal) == true;
        if (!IsOver)
            Notice = new WatchNotice($"what you wrote is not sent yet ({string.Join(", ", unsent)}); {again}", IsRefusal: true);
    }

    private void TypeNumber(string sign)
    {
        _typedNumber = sign == "#" ? "#" : _typedNumber + sign;
        if (_typedNumber == "#")
            return;
        var known = Items.Where(item => item.Number > 0).ToList();
        var digits = _typedNumber.TrimStart('#');
        if (known.Find(item => $"{item.Number}" == digits) is { } meant)
            Choose(meant);
        else if (!known.Exists(item => $"{item.Number}".StartsWith(digits, StringComparison.Ordinal)))
            (Notice, _typedNumber) = (new WatchNotice($"there is no question #{digits} here", IsRefusal: true), "");
    }

    private void Write(string text)
    {
        if (IsSending)
            return;
        _target = Target; // What is written stays for whom it is written.
        Draft.Insert(text);
    }
}

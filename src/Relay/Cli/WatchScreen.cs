using System.Globalization;
using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Relay.Cli;

/// <summary>The terminal's other screen, of which only what has changed is written. The first one comes back as it was, once, by whoever
/// leaves first.</summary>
internal sealed class WatchScreen(TextWriter terminal, bool hasColors)
{
    private const string Enters = "\u001b[?1049h\u001b[?2004h\u001b[2J", Leaves = "\u001b[?2004l\u001b[?25h\u001b[0m\u001b[?1049l";

    private readonly Lock _lock = new();
    private List<string> _shown = [];
    private bool _isOpen;

    public void Enter()
    {
        lock (_lock)
        {
            terminal.Write(Enters);
            (_isOpen, _shown) = (true, []);
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            if (!_isOpen)
                return;
            _isOpen = false;
            terminal.Write(Leaves);
        }
    }

    /// <summary>What is on it is not known any more.</summary>
    public void Forget() => _shown = [];

    public void Show(WatchPicture picture)
    {
        var lines = picture.Lines.Select(Written).ToList();
        var output = new StringBuilder("\u001b[?25l");
        if (_shown.Count != lines.Count)
            (_shown, _) = ([.. lines.Select(_ => "\0")], output.Append("\u001b[2J"));
        for (var row = 0; row < lines.Count; row++)
            if (lines[row] != _shown[row])
                output.Append(CultureInfo.InvariantCulture, $"\u001b[{row + 1};1H{lines[row]}\u001b[0m\u001b[K");
        output.Append(CultureInfo.InvariantCulture, $"\u001b[{picture.Row + 1};{picture.Column + 1}H\u001b[?25h");
        lock (_lock)
            if (_isOpen)
                terminal.Write(output.ToString());
        _shown = lines;
    }

    private string Written(IReadOnlyList<WatchSpan> line)
    {
        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        var console = TerminalOutput.Console(writer, width: null);
        if (!hasColors)
            console.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
        console.Write(new Line(line));
        return writer.ToString();
    }

    private sealed class Line(IReadOnlyList<WatchSpan> spans) : Renderable
    {
        protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
            spans.Where(span => span.Text.Length > 0).Select(span => new Segment(span.Text, span.Style));
    }
}

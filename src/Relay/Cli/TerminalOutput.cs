using System.Text;
using Spectre.Console;

namespace Relay.Cli;

/// <summary>Where the library for colours and frames writes. By itself it would ask the runtime's console, which sends the terminal
/// sequences of its own as soon as it is asked for anything.</summary>
internal sealed class TerminalOutput(TextWriter writer, int? width) : IAnsiConsoleOutput
{
    private const int UsualWidth = 80, UsualHeight = 24;

    public TextWriter Writer => writer;

    public bool IsTerminal => true;

    public int Width => width ?? UsualWidth;

    public int Height => UsualHeight;

    public void SetEncoding(Encoding encoding)
    {
    }

    /// <param name="writer">What is written there is not looked at: text of others must be made visible before.</param>
    /// <param name="width">In columns; null where it is not known.</param>
    public static IAnsiConsole Console(TextWriter writer, int? width) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new TerminalOutput(writer, width),
        Ansi = AnsiSupport.Yes,
        Interactive = InteractionSupport.Yes,
    });
}

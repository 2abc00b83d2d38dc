namespace Relay.Cli;

/// <summary>What the keys of relay watch do.</summary>
internal static class WatchHelp
{
    public static readonly IReadOnlyList<string> Lines =
    [
        "",
        "Up, Down      choose a question, a reply to you, an answer",
        "a number      choose the question of that number (#12 where digits answer)",
        "PgUp, PgDn    scroll what is chosen (Space: PgDn while nothing is written)",
        "write         your answer; an option's key alone is that option",
        "Enter         send; with nothing written: write, so that q and ? are text too",
        "Tab           to whom: answer, ask back, an advisor, a session (back: Shift-Tab)",
        "Esc           leave; what you wrote stays for whom you wrote it",
        "Ctrl-U        clear the line; Ctrl-W: the last word; Ctrl-L: draw anew",
        "q, Ctrl-C     quit",
        "",
        "[always] or [once] before the words says for what they hold; \"@session: words\"",
        "go straight to that session. What lets a session do something is sent only",
        "after all of it was on the screen. A pasted line break sends nothing.",
        "",
        "Any key goes back.",
    ];
}

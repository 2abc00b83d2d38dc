using System.CommandLine;
using Relay.Agents.Connect;

namespace Relay.Cli;

/// <summary>relay completion: prints the script by which a shell completes this program's words. The script asks relay complete.</summary>
internal static class CompletionCommand
{
    public static readonly IReadOnlyList<string> Shells = ["bash", "zsh", "fish"];

    private const string Bash = """
        # relay completion bash: put this line into ~/.bashrc
        #   eval "$(relay completion bash)"
        _relay() {
            local line program=$1
            type -P "$program" >/dev/null || program=@PROGRAM@ # An alias.
            COMPREPLY=()
            while IFS= read -r line; do
                case $line in
                    :files) compopt -o default 2>/dev/null; return ;;
                    :dirs) compopt -o dirnames 2>/dev/null; return ;;
                    *) COMPREPLY+=("$line") ;;
                esac
            done < <("$program" complete bash "${COMP_LINE:0:COMP_POINT}" "${COMP_WORDBREAKS:-=:}" 2>/dev/null)
        }
        complete -F _relay relay
        """;

    private const string Zsh = """
        #compdef relay
        # relay completion zsh: put this line into ~/.zshrc, after compinit
        #   eval "$(relay completion zsh)"
        _relay() {
            local line program=${(Q)words[1]}
            local -a values shown
            whence -p "$program" >/dev/null || program=@PROGRAM@ # An alias.
            while IFS= read -r line; do
                case $line in
                    :files) _files; return ;;
                    :dirs) _files -/; return ;;
                    *) values+=("${line%%$'\t'*}"); shown+=("${line/$'\t'/  }") ;;
                esac
            done < <("$program" complete zsh "${(@Q)words[2,CURRENT]}" 2>/dev/null)
            (( $#values )) && compadd -d shown -a values
        }
        if [[ $funcstack[1] == _relay ]]; then _relay "$@"; else compdef _relay relay; fi
        """;

    private const string Fish = """
        # relay completion fish: put this line into ~/.config/fish/config.fish
        #   relay completion fish | source
        function __relay_complete
            set -l words (commandline -opc)
            set -l current (commandline -ct)
            set -l program $words[1]
            command -q $program; or set program @PROGRAM@ # An alias.
            for line in ($program complete fish $words[2..-1] "$current" 2>/dev/null)
                switch $line
                    case :files
                        __fish_complete_path "$current"
                    case :dirs
                        __fish_complete_directories "$current"
                    case '*'
                        echo $line
                end
            end
        end
        complete -c relay -f -a '(__relay_complete)'
        """;

    public static Command Create(CommandContext context)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong([.. Shells]);
        var command = new Command("completion", "print the script by which your shell completes relay's words, live names too") { shell };
        command.SetAction(parse =>
        {
            var script = parse.GetValue(shell) switch { "zsh" => Zsh, "fish" => Fish, _ => Bash };
            context.Output.WriteLine(script.Replace("@PROGRAM@", ShellWord.Quote(ProgramCommand.FileOfProcess), StringComparison.Ordinal));
            return ExitCode.Done;
        });
        return command;
    }
}

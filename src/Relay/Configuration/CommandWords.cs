using System.Text;

namespace Relay.Configuration;

/// <summary>Splits a command line as a shell does, at white space, with both quotes and the backslash. Nothing is expanded.</summary>
internal static class CommandWords
{
    public static IReadOnlyList<string> Of(string commandLine)
    {
        var words = new List<string>();
        StringBuilder? word = null;
        var quote = '\0';
        for (var i = 0; i < commandLine.Length; i++)
        {
            var c = commandLine[i];
            if (c == '\\' && quote != '\'' && i + 1 < commandLine.Length)
                (word ??= new()).Append(commandLine[++i]);
            else if (quote == '\0' && c is '\'' or '"')
                (quote, word) = (c, word ?? new());
            else if (c == quote && quote != '\0')
                quote = '\0';
            else if (quote == '\0' && char.IsWhiteSpace(c))
                (word, _) = (null, Add(word));
            else
                (word ??= new()).Append(c);
        }
        Add(word);
        return words;

        bool Add(StringBuilder? ended)
        {
            if (ended is not null)
                words.Add(ended.ToString());
            return ended is not null;
        }
    }
}

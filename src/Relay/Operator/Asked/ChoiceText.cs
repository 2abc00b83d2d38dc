using System.Globalization;
using System.Text;
using Relay.Texts;

namespace Relay.Operator.Asked;

/// <summary>What the operator reads of a choice. What the session wrote stands behind a mark or is indented, so that it cannot pass for a
/// line of the relay's.</summary>
internal static class ChoiceText
{
    public static string Of(ClientAsk.Choice asked)
    {
        var text = new StringBuilder();
        foreach (var (index, question) in asked.Questions.Index())
        {
            if (index > 0)
                text.Append("\n\n");
            text.Append(CultureInfo.InvariantCulture, $"{index + 1}. {Header(question)}{Lines(question.Question)}");
            text.Append(question.MultiSelect ? "\n   (one or several)" : "\n   (one)");
            foreach (var (number, option) in question.Options.Index())
            {
                text.Append(CultureInfo.InvariantCulture, $"\n   {number + 1}) {Visible.OneLine(option.Label)}");
                if (option.Description.Length > 0)
                    text.Append(": ").Append(Lines(option.Description));
            }
        }
        return text.ToString();
    }

    private static string Header(ChoiceQuestion question) => question.Header.Length == 0 ? "" : $"[{Visible.OneLine(question.Header)}] ";

    private static string Lines(string text) => Visible.Of(text).Trim().Replace("\n", "\n      ");
}

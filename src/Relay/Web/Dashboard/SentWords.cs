namespace Relay.Web.Dashboard;

/// <summary>The words that a form's button stands for, as they are read from everywhere.</summary>
internal static class SentWords
{
    public static string Of(SentForm form) => form.Field("as") switch
    {
        "deny" => After("deny", form.Text),
        "decline" => After("decline", form.Text),
        "back" => $"back: {form.Text}",
        "edited" or "edited and accept edits" => $"{form.Field("as")}: {form.Field("edited").ReplaceLineEndings("\n")}",
        _ => form.Text,
    };

    private static string After(string word, string text) => string.IsNullOrWhiteSpace(text) ? word : $"{word}: {text}";
}

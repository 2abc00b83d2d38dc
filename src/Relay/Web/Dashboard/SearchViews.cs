namespace Relay.Web.Dashboard;

/// <summary>The field.</summary>
/// <param name="Text">What is in it.</param>
/// <param name="Conversation">In which alone it is looked for; empty for all.</param>
public sealed record SearchFormView(string Text, string Conversation)
{
    public string Href(long before) => FormattableString.Invariant(
        $"/search?q={Uri.EscapeDataString(Text)}&conversation={Uri.EscapeDataString(Conversation)}&before={before}");
}

/// <param name="Form">What is looked for.</param>
/// <param name="Found">The newest first.</param>
/// <param name="Said">Of the answer as a whole.</param>
/// <param name="Next">Leads to more.</param>
public sealed record SearchView(SearchFormView Form, IReadOnlyList<FoundView> Found, string? Said, string? Next);

public sealed record FoundView(string Conversation, string Href, string Speaker, MomentView At)
{
    /// <summary>What stands around it, and which of it was looked for.</summary>
    public required IReadOnlyList<(string Text, bool IsFound)> Parts { get; init; }

    public string? LeftOut { get; init; }

    public string? Covers { get; init; }
}

using System.Globalization;
using Relay.Conversations;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Web.Dashboard;

/// <summary>Searches the journals for the page.</summary>
internal sealed class SearchReader(Database database, Indexing indexing)
{
    private const int Shown = 30;

    public async Task SearchAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var (text, conversation) = (query["q"].ToString(), query["conversation"].ToString());
        long? before = long.TryParse(query["before"], NumberStyles.None, CultureInfo.InvariantCulture, out var row) ? row : null;
        await DashboardRoutes.ShowAsync<SearchPage>(context, StatusCodes.Status200OK, new Dictionary<string, object?>
        {
            ["Frame"] = new FrameView("Search · Relay", "conversations", Forms.TokenFor(context)),
            ["View"] = await ReadAsync(text, conversation, before, context.RequestAborted),
        });
    }

    public async Task<SearchView> ReadAsync(string text, string conversation, long? before, CancellationToken cancellationToken)
    {
        var form = new SearchFormView(text.Length > SearchQuery.Longest ? text[..SearchQuery.Longest] : text, conversation);
        if (SearchQuery.Parse(text) is not { } query)
            return new SearchView(form, [], text.Trim().Length == 0 ? null : "There is no word in that.", Next: null);
        await indexing.CatchUpAsync(cancellationToken);
        var wanted = new WordsWanted(query)
        {
            Conversation = conversation.Length == 0 ? null : new ConversationId(conversation),
            Before = before ?? long.MaxValue,
            Most = Shown,
        };
        return await database.ReadAsync(
            async reading =>
            {
                var answer = await JournalSearch.FindAsync(reading, database.Dialect, wanted, cancellationToken);
                var moments = new Moments(reading.Now, database.Clock.LocalTimeZone);
                return new SearchView(
                    form, answer.Found.Select(found => ViewOf(found, query, moments)).ToList(), Said(answer),
                    answer.Next is { } next ? form.Href(next) : null);
            },
            cancellationToken);
    }

    private static string? Said(SearchAnswer answer) => (answer.Found.Count, answer.NotSearched) switch
    {
        (0, 0) => "Nothing was found.",
        (0, var missing) => $"Nothing was found so far; {Count(missing)} not in the index yet.",
        (_, > 0) => $"{Count(answer.NotSearched)} not in the index yet: this is not all, perhaps.",
        _ => null,
    };

    private static string Count(long entries) =>
        string.Create(CultureInfo.InvariantCulture, $"{entries:N0} {(entries == 1 ? "entry is" : "entries are")}");

    private static FoundView ViewOf(EntryFound found, SearchQuery query, Moments moments)
    {
        var entry = found.Entry;
        return new FoundView(
            found.Conversation.Value, Hrefs.Of(found.Conversation, entry.Position), Visible.OneLine(entry.Speaker), moments.Of(entry.At))
        {
            Parts = Snippet.Of(entry.Content, query).ConvertAll(part => (part.Text, part.IsFound)),
            LeftOut = entry.LeftOut is null ? null : "left out of later calls",
            Covers = entry.CoversThrough is { } through ? FormattableString.Invariant($"a summary of the entries up to {through}") : null,
        };
    }
}

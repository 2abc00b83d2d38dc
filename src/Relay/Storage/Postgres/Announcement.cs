using Relay.Running;

namespace Relay.Storage.Postgres;

/// <summary>What one process tells the others of a commit: who it is, and a line for each topic.
/// Only a hint, as every wake-up is.</summary>
internal sealed record Announcement(string Sender, IReadOnlyCollection<(Topic Topic, string? About)>? Topics)
{
    /// <summary>SQL: where it is told. Relays in schemas of one database do not hear each other.</summary>
    public const string Channel = "LEFT(CASE current_schema() WHEN 'public' THEN 'relay' ELSE 'relay_' || current_schema() END, 63)";

    /// <summary>The server takes less than 8,000 bytes.</summary>
    private const int Longest = 7_900;

    /// <summary>In place of topics that are too many.</summary>
    private const string Everything = "*";

    public override string ToString()
    {
        var lines = (Topics ?? []).Select(each => each.About is null ? each.Topic.ToString() : $"{each.Topic}:{each.About}");
        var text = $"{Sender}\n{(Topics is null ? Everything : string.Join('\n', lines))}";
        return System.Text.Encoding.UTF8.GetByteCount(text) <= Longest ? text : $"{Sender}\n{Everything}";
    }

    /// <summary>No topics: any may be meant. A topic that this version does not know is left out.</summary>
    public static Announcement Parse(string text)
    {
        var lines = text.Split('\n');
        if (lines is [_, Everything])
            return new Announcement(lines[0], Topics: null);
        var topics = new List<(Topic, string?)>();
        foreach (var line in lines.Skip(1).Select(line => line.Split(':', 2)))
            if (Enum.TryParse<Topic>(line[0], out var topic))
                topics.Add((topic, line.ElementAtOrDefault(1)));
        return new Announcement(lines[0], topics);
    }

    public void PublishTo(ChangeFeed changes)
    {
        if (Topics is null)
            changes.PublishAll();
        foreach (var (topic, about) in Topics ?? [])
            changes.Publish(topic, about);
    }
}

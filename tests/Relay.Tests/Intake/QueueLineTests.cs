using System.Globalization;
using Relay.Files.Platform;
using Relay.Intake;
using Xunit;

namespace Relay.Tests.Intake;

/// <summary>Who is taken next of very many: by turns of the sessions, of each the oldest first.</summary>
public sealed class QueueLineTests : QueueTests
{
    private const int Flood = 2 * QueueLine.Few;
    private const long AnySize = long.MaxValue;
    private readonly QueueLine _line = new(session => session.Value == "listed");

    [Fact]
    public void The_one_envelope_of_another_session_is_among_the_first_of_a_flood()
    {
        DropMany("flood", Flood, from: 0);
        DropMany("other", 1, from: Flood);

        var taken = TakeAll();

        Assert.InRange(taken.FindIndex(name => name.StartsWith("other", StringComparison.Ordinal)), 0, 15);
        Assert.Equal(Flood + 1, taken.Distinct().Count());
    }

    [Fact]
    public void Of_each_session_the_oldest_goes_first_also_across_looks_at_the_folder()
    {
        DropMany("a", Flood, from: 0);
        DropMany("b", Flood / 2, from: 10);
        DropMany("c", 40, from: 5_000);

        var taken = new List<string>();
        for (var look = 0; QueueFolder.Count(_relay.Home.Queue) > 0; look++)
        {
            _line.Set(QueueFolder.Waiting(_relay.Home.Queue));
            for (var batch = 0; batch < 3; batch++)
                taken.AddRange(Remove(_line.Take(16, AnySize)));
        }

        foreach (var session in (string[])["a", "b", "c"])
        {
            var own = taken.Where(name => name.StartsWith(session, StringComparison.Ordinal)).ToList();
            Assert.Equal(own.Order(StringComparer.Ordinal), own);
        }
        Assert.True(taken.FindLastIndex(name => name[0] == 'c') < 150, "c waits for the others");
    }

    [Fact]
    public void Where_few_wait_their_times_alone_decide()
    {
        DropMany("a", 100, from: 0);
        DropMany("b", 100, from: 100);

        Assert.Equal(Enumerable.Repeat('a', 100).Concat(Enumerable.Repeat('b', 100)), TakeAll().Select(name => name[0]));
    }

    [Fact]
    public void Thousands_of_made_up_names_are_one_in_turn_against_those_of_the_configuration()
    {
        for (var number = 0; number < Flood; number++)
            DropMany(string.Create(CultureInfo.InvariantCulture, $"made-up-{number}"), 1, from: number);
        DropMany("listed", 20, from: Flood);

        var taken = TakeAll();

        Assert.InRange(taken.FindLastIndex(name => name.StartsWith("listed", StringComparison.Ordinal)), 0, 47);
    }

    [Fact]
    public void A_batch_has_no_more_bytes_than_it_may_but_one_file_at_least()
    {
        foreach (var size in (int[])[10, 500, 500, 500, 5_000, 10])
            Touch(_relay.Drop("s", new string('x', size)), Directory.GetFiles(_relay.Home.Queue).Length);
        _line.Set(QueueFolder.Waiting(_relay.Home.Queue));

        List<int> batches = [];
        while (_line.Left > 0)
            batches.Add(_line.Take(16, mostBytes: 1_500).Count);

        Assert.Equal([3, 1, 1, 1], batches);
    }

    [Fact]
    public async Task A_name_that_stands_behind_a_long_text_or_is_none_holds_nobody_up()
    {
        DropMany("flood", Flood, from: 0);
        Touch(Write("late.json", $$"""{"content": "{{new string('x', 10_000)}}", "session_id": "late"}"""), Flood);
        Touch(Write("bad.json", "[]"), Flood);
        _line.Set(QueueFolder.Waiting(_relay.Home.Queue));

        Assert.Contains(_line.Take(16, AnySize), file => file.Path.EndsWith("late.json", StringComparison.Ordinal));

        await ScanAsync();
        Assert.Equal(Flood + 1, (await MessagesAsync()).Count);
    }

    private List<string> TakeAll()
    {
        _line.Set(QueueFolder.Waiting(_relay.Home.Queue));
        var taken = new List<string>();
        while (_line.Left > 0)
            taken.AddRange(_line.Take(16, AnySize).Select(file => Path.GetFileName(file.Path)));
        return taken;
    }

    private static List<string> Remove(List<(string Path, FileFacts Facts)> files)
    {
        files.ForEach(file => File.Delete(file.Path));
        return files.ConvertAll(file => Path.GetFileName(file.Path));
    }

    private void DropMany(string session, int count, int from)
    {
        for (var number = from; number < from + count; number++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{session}-{number:D6}.json");
            Touch(Write(name, $$"""{"session_id": "{{session}}", "content": "{{number}}"}"""), number);
        }
    }
}

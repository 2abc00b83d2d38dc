using Microsoft.Extensions.Time.Testing;
using Relay.Agents.Connect;
using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

public sealed class ConnectionBookTests : IDisposable
{
    private readonly TempHome _temp = new();
    private readonly FakeTimeProvider _clock = new();

    private ConnectionBook Book => new(_temp.Home, _clock);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task A_token_is_printed_again_the_same_and_opens_its_connection()
    {
        var (_, first) = await Book.OpenAsync("shop", folder: null, Cancel);
        var (_, again) = await Book.OpenAsync("shop", folder: null, Cancel);
        var (_, other) = await Book.OpenAsync("till", folder: null, Cancel);

        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        var valid = Assert.IsType<ConnectionBook.Found.Valid>(Book.Find(first));
        Assert.Equal("shop", valid.Entry.Name);
        Assert.Equal(["shop", "till"], valid.Names.Order());
    }

    [Fact]
    public async Task Revoked_it_is_refused_at_once_by_whoever_has_read_the_list_before_and_the_next_one_is_another()
    {
        var daemon = Book;
        var (_, old) = await Book.OpenAsync("shop", folder: null, Cancel);
        Assert.IsType<ConnectionBook.Found.Valid>(daemon.Find(old));

        await Book.RevokeAsync("shop", Cancel);
        Assert.IsType<ConnectionBook.Found.Revoked>(daemon.Find(old));
        var (entry, next) = await Book.OpenAsync("shop", folder: null, Cancel);

        Assert.Equal(2, entry.Generation);
        Assert.IsType<ConnectionBook.Found.Unknown>(daemon.Find(old));
        Assert.IsType<ConnectionBook.Found.Valid>(daemon.Find(next));
        Assert.Null(await Book.RevokeAsync("nobody", Cancel));
    }

    [Fact]
    public async Task Projects_of_one_folder_name_that_are_connected_at_once_have_connections_of_their_own()
    {
        var opened = await Task.WhenAll(Enumerable.Range(0, 12).Select(number => Task.Run(() =>
            new ConnectionBook(_temp.Home, TimeProvider.System).OpenOfAsync(
                $"/{number}/shop", known => ConnectionNames.OfProject($"/{number}/shop", known, "JC"), Cancel))));

        Assert.Equal(12, opened.Select(each => each.Name).Distinct().Count());
        Assert.Equal(12, opened.Select(each => each.Token).Distinct().Count());
    }

    [Fact]
    public async Task What_is_revoked_stays_so_even_when_the_list_is_lost()
    {
        var (_, old) = await Book.OpenAsync("shop", folder: null, Cancel);
        await Book.RevokeAsync("shop", Cancel);

        File.Delete(_temp.Home.ConnectionsFile);
        var (_, next) = await Book.OpenAsync("shop", folder: null, Cancel);

        Assert.NotEqual(old, next);
        Assert.IsType<ConnectionBook.Found.Unknown>(Book.Find(old));
    }

    [Fact]
    public async Task No_file_but_the_key_gives_a_token_away_and_that_is_for_its_owner_alone()
    {
        var (_, token) = await Book.OpenAsync("shop", folder: null, Cancel);

        var mac = token.Split('.')[2];
        foreach (var file in Directory.GetFiles(_temp.Home.State))
            Assert.DoesNotContain(mac, await File.ReadAllTextAsync(file, Cancel), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_temp.Home.ConnectionKey));
        File.Delete(_temp.Home.ConnectionKey);
        Assert.IsType<ConnectionBook.Found.Unknown>(Book.Find(token));
    }

    [Fact]
    public async Task Any_sign_that_is_changed_or_taken_makes_it_worthless()
    {
        var (_, token) = await Book.OpenAsync("shop", folder: null, Cancel);
        await Book.OpenAsync("till", folder: null, Cancel);

        for (var index = 0; index < token.Length; index++)
        {
            var changed = token.ToCharArray();
            changed[index] = changed[index] == 'A' ? 'B' : 'A';
            Assert.IsType<ConnectionBook.Found.Unknown>(Book.Find(new string(changed)));
            Assert.IsType<ConnectionBook.Found.Unknown>(Book.Find(token[..index]));
        }
        Assert.IsType<ConnectionBook.Found.Unknown>(Book.Find("till" + token[4..]));
        Assert.IsType<ConnectionBook.Found.Unknown>(Book.Find(token + "A"));
    }

    [Fact]
    public async Task Many_at_once_make_one_key_and_lose_no_connection()
    {
        var names = Enumerable.Range(1, 20).Select(number => $"n{number}").ToList();
        var clocked = new ConnectionBook(_temp.Home, TimeProvider.System);

        var opened = await Task.WhenAll(names.Select(name => Task.Run(
            () => new ConnectionBook(_temp.Home, TimeProvider.System).OpenAsync(name, folder: null, Cancel))));

        Assert.Equal(names.Order(), clocked.List().Select(entry => entry.Name).Order());
        Assert.All(opened, each => Assert.IsType<ConnectionBook.Found.Valid>(clocked.Find(each.Token)));
    }

    [Theory]
    [InlineData("connections.json", "{")]
    [InlineData("connections.json", "7")]
    [InlineData("connections.key", "too short")]
    public async Task What_is_damaged_is_a_fault_and_opens_nothing(string file, string content)
    {
        var (_, token) = await Book.OpenAsync("shop", folder: null, Cancel);

        await File.WriteAllTextAsync(Path.Combine(_temp.Home.State, file), content, Cancel);

        Assert.Contains(file, Assert.Throws<InvalidDataException>(() => Book.Find(token)).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidDataException>(() => Book.OpenAsync("shop", folder: null, Cancel));
    }

    [Theory]
    [InlineData("shop", true)]
    [InlineData("shop-2", true)]
    [InlineData("shop-17", true)]
    [InlineData("shop-1", false)]
    [InlineData("shop-0", false)]
    [InlineData("shop-02", false)]
    [InlineData("shop-", false)]
    [InlineData("shop-2-2", false)]
    [InlineData("shop-x", false)]
    [InlineData("shop2", false)]
    [InlineData("shop-2\n", false)]
    [InlineData("Shop", false)]
    [InlineData("shopkeeper", false)]
    [InlineData("till", false)]
    [InlineData("", false)]
    public void A_connection_has_its_name_and_the_numbered_ones(string session, bool covered) =>
        Assert.Equal(covered, ConnectionEntry.Covers("shop", session));

    [Theory]
    [InlineData("a", true)]
    [InlineData("A-b_9", true)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("a.b", false)]
    [InlineData("a/b", false)]
    [InlineData("relay", false)]
    [InlineData("Operator-JC", false)]
    [InlineData("SYSTEM", false)]
    [InlineData("a\n", false)]
    public void Not_every_name_can_be_one(string name, bool isName) => Assert.Equal(isName, ConnectionEntry.IsName(name));

    [Fact]
    public async Task The_last_use_is_written_once_a_minute_or_when_it_comes_from_elsewhere()
    {
        await Book.OpenAsync("shop", folder: null, Cancel);
        var uses = new ConnectionUses(_temp.Home, _clock);
        var begun = _clock.GetUtcNow();

        uses.Note("shop", "127.0.0.1");
        _clock.Advance(TimeSpan.FromSeconds(59));
        uses.Note("shop", "127.0.0.1");
        Assert.Equal(new ConnectionUse(begun, "127.0.0.1"), ConnectionUses.Read(_temp.Home)["shop"]);
        uses.Note("shop", "192.0.2.1");
        Assert.Equal("192.0.2.1", ConnectionUses.Read(_temp.Home)["shop"].From);
        _clock.Advance(TimeSpan.FromSeconds(60));
        uses.Note("shop", "192.0.2.1");

        Assert.Equal(new ConnectionUse(_clock.GetUtcNow(), "192.0.2.1"), ConnectionUses.Read(_temp.Home)["shop"]);
    }
}

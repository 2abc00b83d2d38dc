using System.Text;
using Relay.Files.Platform;
using Relay.Intake;
using Xunit;

namespace Relay.Tests.Intake;

/// <summary>Envelopes whose file name is not UTF-8.</summary>
public sealed class ForeignNameTests : QueueTests
{
    private const string Envelope = """{"session_id": "a", "content": "Salut"}""";

    [Fact]
    public async Task A_file_whose_name_is_not_UTF8_is_accepted_like_any_other()
    {
        Drop([.. "caf"u8, 0xE9, .. ".json"u8], Envelope);
        Drop([0xFF, 0xFE, .. ".json"u8], Envelope);
        Assert.Equal(2, (await _relay.StatusAsync()).QueueDepth);

        await ScanAsync();

        Assert.Equal(2, (await MessagesAsync()).Count);
        Assert.Empty(Left());
    }

    [Fact]
    public async Task Or_rejected_under_a_name_that_can_be_read()
    {
        Drop([.. "caf"u8, 0xE9, .. ".json"u8], "[]");

        await ScanSettledAsync();

        Assert.Contains("a JSON object is expected", Reason("caf%E9"), StringComparison.Ordinal);
        Assert.True(File.Exists(Rejected("caf%E9.json")));
        Assert.Empty(Left());
    }

    [Fact]
    public async Task Names_that_would_be_the_same_and_very_long_ones_are_all_taken()
    {
        Write("caf%E9.json", Envelope);
        Drop([.. "caf"u8, 0xE9, .. ".json"u8], Envelope);
        Drop([.. Enumerable.Repeat((byte)0xE9, 250), .. ".json"u8], Envelope);

        await ScanAsync();

        Assert.Equal(3, (await MessagesAsync()).Count);
        Assert.Empty(Left());
    }

    [Fact]
    public async Task Hidden_ones_and_other_kinds_of_files_are_left_alone()
    {
        Drop([.. "."u8, 0xE9, .. ".json"u8], Envelope);
        Drop([0xE9, .. ".txt"u8], Envelope);
        Directory.CreateDirectory(Path.Combine(_relay.Home.Root, "folder"));
        Assert.Equal(Errno.None, Linux.Rename(Bytes(Path.Combine(_relay.Home.Root, "folder")), Place([0xE9, .. ".json"u8])));

        await ScanSettledAsync();

        Assert.Empty(await MessagesAsync());
        Assert.Equal(3, Left().Count);
        Assert.Equal(0, QueueFolder.Count(_relay.Home.Queue));
        foreach (var (name, index) in Left().Select((name, index) => (name, index))) // .NET could not remove them.
            Linux.Rename(Place(name), Bytes(Path.Combine(_relay.Home.Root, $"{index}")));
    }

    private void Drop(byte[] name, string text)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the file systems of macOS take no such name");
        var whole = Path.Combine(_relay.Home.Root, "whole");
        File.WriteAllText(whole, text);
        Assert.Equal(Errno.None, Linux.Rename(Bytes(whole), Place(name)));
    }

    private List<byte[]> Left() => Linux.NamesIn(_relay.Home.Queue)
        .FindAll(name => name is not [(byte)'.', ..] || name.Contains((byte)0xE9));

    private byte[] Place(byte[] name) => [.. Encoding.UTF8.GetBytes(_relay.Home.Queue), (byte)'/', .. name, 0];

    private static byte[] Bytes(string path) => [.. Encoding.UTF8.GetBytes(path), 0];
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Relay.Files;

namespace Relay.Agents.Connect;

/// <summary>Which files git tracks, by its index (git's gitformat-index). Git itself is not asked: what it starts is up to the repository's
/// own configuration. What an index that is split has taken out of its shared part since, counts as tracked still.</summary>
/// <param name="folder">Of the work tree's own.</param>
/// <param name="common">Of the repository.</param>
internal sealed partial class GitIndex(string folder, string common)
{
    private const int LargestIndex = 256 * 1024 * 1024, LargestConfig = 1024 * 1024;
    private const int Head = 12, Stat = 40, Flags = 2, LengthBits = 0xFFF, Extended = 0x4000, Sha1 = 20, Sha256 = 32;

    /// <exception cref="ConnectFault">The index cannot be read.</exception>
    public bool Has(string file)
    {
        var wanted = Encoding.UTF8.GetBytes(file);
        return Has(Path.Combine(folder, "index"), wanted, isShared: false);
    }

    private bool Has(string path, byte[] wanted, bool isShared)
    {
        var content = BoundedFile.Read(path, LargestIndex) switch
        {
            FileContent.Bytes bytes => bytes.Content,
            FileContent.Missing when !isShared => null, // Nothing was ever added.
            FileContent.Unreadable unreadable => throw Fault(path, unreadable.Reason),
            _ => throw Fault(path, "it is not there"),
        };
        if (content is null)
            return false;
        try
        {
            var (isThere, end) = Find(content, wanted);
            return isThere || (!isShared && SharedPart(content, end) is { } shared && Has(shared, wanted, isShared: true));
        }
        catch (Exception exception) when (exception is ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw Fault(path, "it is of no form that is known");
        }
    }

    private int Hash { get; } = IsSha256(common) ? Sha256 : Sha1;

    /// <summary>Whether an entry has that name, and where the entries end.</summary>
    private (bool IsThere, int End) Find(ReadOnlySpan<byte> index, byte[] wanted)
    {
        var version = BinaryPrimitives.ReadUInt32BigEndian(index[4..]);
        if (!index.StartsWith("DIRC"u8) || version is < 2 or > 4)
            throw new ArgumentException("no index");
        var (at, name, isThere) = (Head, new List<byte>(), false);
        for (var left = BinaryPrimitives.ReadUInt32BigEndian(index[8..]); left > 0; left--)
        {
            var flags = BinaryPrimitives.ReadUInt16BigEndian(index[(at + Stat + Hash)..]);
            var begin = at + Stat + Hash + Flags + ((flags & Extended) != 0 ? Flags : 0);
            var gone = version == 4 ? Gone(index, ref begin) : name.Count;
            name.RemoveRange(name.Count - gone, gone);
            var length = index[begin..].IndexOf((byte)0);
            name.AddRange(index.Slice(begin, length));
            isThere |= CollectionsMarshal.AsSpan(name).SequenceEqual(wanted);
            at = version == 4 ? begin + length + 1 : at + ((begin + length - at + 8) & ~7); // One to eight zeros follow.
        }
        return (isThere, at);
    }

    /// <summary>How much of the name before goes: of version 4 each has only what is new in it.</summary>
    private static int Gone(ReadOnlySpan<byte> index, ref int at)
    {
        int next = index[at++];
        var value = next & 0x7F;
        while ((next & 0x80) != 0)
        {
            next = index[at++];
            value = ((value + 1) << 7) + (next & 0x7F);
        }
        return value;
    }

    /// <summary>The file with the rest of an index that is split; null for one that is whole.</summary>
    private string? SharedPart(ReadOnlySpan<byte> index, int at)
    {
        while (at + 8 <= index.Length - Hash)
        {
            var length = checked((int)BinaryPrimitives.ReadUInt32BigEndian(index[(at + 4)..]));
            if (index[at..].StartsWith("link"u8) && index.Slice(at + 8, Hash) is var hash && hash.ContainsAnyExcept((byte)0))
                return Path.Combine(folder, "sharedindex." + Convert.ToHexStringLower(hash));
            at = checked(at + 8 + length);
        }
        return null;
    }

    private static ConnectFault Fault(string path, string reason) =>
        new($"{path}: {reason}, so it cannot be told whether git tracks what is to hold a token; nothing was changed");

    private static bool IsSha256(string common) =>
        BoundedFile.Read(Path.Combine(common, "config"), LargestConfig) is FileContent.Bytes bytes
        && ObjectFormat().IsMatch(Encoding.UTF8.GetString(bytes.Content));

    [GeneratedRegex(@"^\s*objectformat\s*=\s*""?sha256\b", RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex ObjectFormat();
}

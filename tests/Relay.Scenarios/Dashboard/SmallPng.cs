using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Relay.Scenarios.Dashboard;

/// <summary>The browser's picture with 256 of its colours and well compressed: a third of its bytes.</summary>
internal static class SmallPng
{
    private const int Header = 8, Pixel = 3, MostColours = 256, MostUsed = 96;

    /// <param name="png">Of eight bits a channel, red, green and blue, not interlaced: as the browser makes them.</param>
    public static byte[] Of(byte[] png)
    {
        var (width, height) = (Number(png, 16), Number(png, 20));
        var pixels = Pixels(png, width, height);
        var palette = Palette(pixels);
        var nearest = new Dictionary<int, byte>();
        var rows = new byte[height * (width + 1)];
        for (var at = 0; at < pixels.Length; at++)
        {
            if (!nearest.TryGetValue(pixels[at], out var index))
                nearest[pixels[at]] = index = (byte)palette.IndexOf(palette.MinBy(colour => Distance(colour, pixels[at])));
            rows[at / width * (width + 1) + 1 + at % width] = index;
        }
        using var small = new MemoryStream();
        small.Write(png, 0, Header);
        var head = png[16..29];
        (head[8], head[9]) = (8, 3); // Eight bits, of a palette.
        Write(small, "IHDR", head);
        Write(small, "PLTE", [.. palette.SelectMany(colour => new[] { (byte)(colour >> 16), (byte)(colour >> 8), (byte)colour })]);
        Write(small, "IDAT", Compress(rows));
        Write(small, "IEND", []);
        return small.ToArray();
    }

    /// <summary>The most used colours, and of all others that are much alike the most used one.</summary>
    private static List<int> Palette(int[] pixels)
    {
        var used = pixels.CountBy(colour => colour).OrderByDescending(each => each.Value).Select(each => each.Key).ToList();
        return [.. used.Take(MostUsed).Concat(used.Skip(MostUsed).DistinctBy(colour => colour & 0xF0F0F0)).Take(MostColours)];
    }

    private static int[] Pixels(byte[] png, int width, int height)
    {
        using var data = new MemoryStream();
        for (var at = Header; at < png.Length; at += 12 + Number(png, at))
            if (Encoding.ASCII.GetString(png, at + 4, 4) == "IDAT")
                data.Write(png, at + 8, Number(png, at));
        data.Position = 0;
        using var inflated = new ZLibStream(data, CompressionMode.Decompress);
        var (line, above) = (new byte[width * Pixel], new byte[width * Pixel]);
        var pixels = new int[width * height];
        for (var row = 0; row < height; row++)
        {
            var filter = inflated.ReadByte();
            inflated.ReadExactly(line);
            for (var at = 0; at < line.Length; at++)
                line[at] += Foreseen(filter, at < Pixel ? 0 : line[at - Pixel], above[at], at < Pixel ? 0 : above[at - Pixel]);
            for (var column = 0; column < width; column++)
                pixels[row * width + column] = line[column * Pixel] << 16 | line[column * Pixel + 1] << 8 | line[column * Pixel + 2];
            (line, above) = (above, line);
        }
        return pixels;
    }

    /// <summary>What PNG's filters take for a byte by those left of it and above.</summary>
    private static byte Foreseen(int filter, int left, int above, int corner)
    {
        var guess = left + above - corner;
        var (a, b, c) = (Math.Abs(guess - left), Math.Abs(guess - above), Math.Abs(guess - corner));
        var paeth = a <= b && a <= c ? left : b <= c ? above : corner;
        return (byte)(filter switch { 0 => 0, 1 => left, 2 => above, 3 => (left + above) / 2, _ => paeth });
    }

    private static int Distance(int one, int other)
    {
        var (red, green, blue) = ((one >> 16) - (other >> 16), (one >> 8 & 255) - (other >> 8 & 255), (one & 255) - (other & 255));
        return red * red + green * green + blue * blue;
    }

    private static byte[] Compress(byte[] content)
    {
        using var target = new MemoryStream();
        using (var deflating = new ZLibStream(target, CompressionLevel.SmallestSize, leaveOpen: true))
            deflating.Write(content);
        return target.ToArray();
    }

    private static void Write(MemoryStream target, string type, byte[] content)
    {
        byte[] named = [.. Encoding.ASCII.GetBytes(type), .. content];
        target.Write(Number(content.Length));
        target.Write(named);
        target.Write(Number((int)Checksum(named)));
    }

    /// <summary>CRC-32.</summary>
    private static uint Checksum(byte[] content)
    {
        var sum = uint.MaxValue;
        foreach (var each in content)
        {
            sum ^= each;
            for (var bit = 0; bit < 8; bit++)
                sum = (sum & 1) == 0 ? sum >> 1 : sum >> 1 ^ 0xEDB88320;
        }
        return ~sum;
    }

    private static int Number(byte[] content, int at) => BinaryPrimitives.ReadInt32BigEndian(content.AsSpan(at));

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}

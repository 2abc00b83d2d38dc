using System.Globalization;
using System.Text;
using CsCheck;
using Relay.Texts;
using Xunit;

namespace Relay.Tests.Texts;

public sealed class VisibleTests
{
    private static readonly string[] Parts =
    [
        "\\", "\\\\", "u", "U", "202e", "0000", "000e0041", "\u202e", "\u0007", "\ud83d", "\ude00", "🙂", "\n", "\t", "\r", " ",
        "\u00a0", "e", "\u0301", "\ufe0f", "⚠", "\u200d", "\udb40\udc41", "\u200b",
    ];

    [Theory]
    [InlineData("rm \u202e txt", @"rm \u202e txt")]
    [InlineData("a\u2066b\u2069\u200e\u200f\u061c", @"a\u2066b\u2069\u200e\u200f\u061c")]
    [InlineData("a\u200b\u200c\u200d\ufeff\u2060\u00ad", @"a\u200b\u200c\u200d\ufeff\u2060\u00ad")]
    [InlineData("a\u001b[31m\u009b2J\u007f\u0007", @"a\u001b[31m\u009b2J\u007f\u0007")]
    [InlineData("a\u2028b\u2029c\u0085d", @"a\u2028b\u2029c\u0085d")]
    [InlineData("a\udb40\udc41b", @"a\U000e0041b")]
    [InlineData("a\ufe0fb\udb40\udd00", @"a\ufe0fb\U000e0100")]
    [InlineData("\ue000\U000f0000\u0378", @"\ue000\U000f0000\u0378")]
    [InlineData("\u3164\u115f\u2800\u034f", @"\u3164\u115f\u2800\u034f")]
    public void What_cannot_be_seen_is_shown_as_its_code(string text, string shown)
    {
        Assert.Equal(shown, Visible.Of(text));
        Assert.Equal(shown, Visible.OneLine(text));
        Assert.Equal(shown, Visible.Exact(text));
        Assert.Equal(shown, Visible.Again(text));
    }

    [Theory]
    [InlineData("Größe, naïve, 日本語, עברית, ⚠️ ❤️ 🙂 👨‍👩‍👧‍👦 👩🏽‍💻 e\u0301")]
    [InlineData("C:\\new\\temp and \\d+ and \\\\server and \\user")]
    [InlineData("a line\n\tand another\n")]
    public void Ordinary_text_stays_as_it_is(string text) => Assert.Equal(text, Visible.Of(text));

    [Theory]
    [InlineData("\\u202e", @"\\u202e")]
    [InlineData("\\\u202e", @"\\\u202e")]
    [InlineData("\\\\u202e", @"\\\\u202e")]
    [InlineData("\\U000e0041", @"\\U000e0041")]
    [InlineData("\\u202", @"\u202")]
    public void A_backslash_never_looks_like_the_beginning_of_a_code(string text, string shown) =>
        Assert.Equal(shown, Visible.Exact(text));

    [Fact]
    public void Half_a_pair_is_shown_as_its_code() =>
        Assert.Equal(@"a\ud800b\udc00", Visible.Again("a\ud800b\udc00")); // No attribute can hold it.

    [Fact]
    public void What_is_decided_on_shows_each_blank_and_mark_for_what_it_is()
    {
        Assert.Equal(@"e\u0301 \u00a0\u3000\u0009", Visible.Exact("e\u0301 \u00a0\u3000\t"));
        Assert.Equal(@"a\u000d" + "\n" + "b", Visible.Exact("a\r\nb"));
        Assert.Equal(@"a\u000ab", Visible.ExactOneLine("a\nb"));
        Assert.Equal(@"a \u0020" + "\n " + @"b\\\u0020", Visible.Exact("a  \n b\\ "));
    }

    [Fact]
    public void Marks_that_would_cover_the_lines_around_are_codes() =>
        Assert.Equal("z" + new string('\u0301', 4) + @"\u0301\u0301 x", Visible.Of("z" + new string('\u0301', 6) + " x"));

    /// <summary>Each shown text is the text of one only: it can be read back.</summary>
    [Fact]
    public void Two_different_texts_are_never_shown_alike() =>
        Gen.Int[0, Parts.Length - 1]
            .List[0, 12].Select(chosen => string.Concat(chosen.Select(each => Parts[each])))
            .Sample(text =>
            {
                Assert.Equal(text, Read(Visible.Exact(text)));
                Assert.Equal(text, Read(Visible.ExactOneLine(text)));
                Assert.Equal(text.Replace("\r\n", "\n"), Read(Visible.Of(text)));
                Assert.DoesNotContain(Visible.Exact(text).EnumerateRunes(), rune => rune.Value != '\n' && Visible.IsHidden(rune));
                Assert.Equal(Visible.Exact(text), Visible.Again(Visible.Exact(text)));
            });

    private static string Read(string shown)
    {
        var text = new StringBuilder();
        for (var at = 0; at < shown.Length;)
        {
            var slashes = shown.Length - at - shown.AsSpan(at).TrimStart('\\').Length;
            if (slashes == 0)
            {
                text.Append(shown[at++]);
                continue;
            }
            at += slashes;
            var digits = CodeAt(shown, at);
            text.Append('\\', digits == 0 && !MustBeDoubled(shown, at) ? slashes : slashes / 2);
            if (digits == 0 || slashes % 2 == 0)
                continue;
            var code = int.Parse(shown.AsSpan(at + 1, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            text.Append(digits == 8 ? char.ConvertFromUtf32(code) : ((char)code).ToString());
            at += 1 + digits;
        }
        return text.ToString();
    }

    /// <summary>Marks and the sign for an emoji may stand for themselves, and are looked at by the backslash before them all the
    /// same.</summary>
    private static bool MustBeDoubled(string shown, int at) => at < shown.Length && shown[at] is '\u0301' or '\ufe0f' or '\u200d';

    private static int CodeAt(string shown, int at)
    {
        foreach (var (start, digits) in new[] { ('u', 4), ('U', 8) })
            if (at + digits < shown.Length && shown[at] == start && shown.Skip(at + 1).Take(digits).All(char.IsAsciiHexDigit))
                return digits;
        return 0;
    }
}

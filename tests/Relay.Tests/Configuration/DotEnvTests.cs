using System.Text;
using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

public sealed class DotEnvTests : IDisposable
{
    private readonly TempHome _temp = new();
    private readonly List<ConfigFault> _faults = [];

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData("NTFY_TOKEN=abc", "abc")]
    [InlineData("export NTFY_TOKEN=abc", "abc")]
    [InlineData("  export\tNTFY_TOKEN = abc  ", "abc")]
    [InlineData("NTFY_TOKEN='a b # c'", "a b # c")]
    [InlineData("NTFY_TOKEN='a\\n$x'", "a\\n$x")]
    [InlineData("NTFY_TOKEN=\"a \\\"b\\\" \\$c \\\\ \\x\" # comment", "a \"b\" $c \\ \\x")]
    [InlineData("NTFY_TOKEN=abc # comment", "abc")]
    [InlineData("NTFY_TOKEN=abc#no-comment", "abc#no-comment")]
    [InlineData("NTFY_TOKEN=a=b==", "a=b==")]
    [InlineData("NTFY_TOKEN=#abc", "#abc")]
    [InlineData("NTFY_TOKEN= # comment", "")]
    [InlineData("NTFY_TOKEN=", "")]
    [InlineData("NTFY_TOKEN=abc\r\n", "abc")]
    [InlineData("\uFEFFNTFY_TOKEN=abc", "abc")]
    [InlineData("NTFY_TOKEN=first\nNTFY_TOKEN=last\n", "last")]
    [InlineData("NTFY_TOKEN=àé\u00A0", "àé\u00A0")]
    [InlineData("# NTFY_TOKEN=abc", null)]
    [InlineData("#NTFY_TOKEN=abc", null)]
    [InlineData("NTFY_TOKEN", null)]
    [InlineData("NTFY TOKEN=abc", null)]
    [InlineData("XNTFY_TOKEN=abc", null)]
    [InlineData("", null)]
    public void A_line_is_read(string text, string? expected)
    {
        var file = Load(text);

        Assert.Equal(expected, file["NTFY_TOKEN"]);
        Assert.Empty(_faults);
    }

    [Fact]
    public void A_missing_file_is_empty()
    {
        var file = DotEnv.Load(_temp.Home.EnvFile, _faults);

        Assert.Null(file["NTFY_TOKEN"]);
        Assert.Empty(_faults);
    }

    [Theory]
    [InlineData("A=1\nNTFY_TOKEN=\"sesame\n", 2, "NTFY_TOKEN: a quote is not closed")]
    [InlineData("NTFY_TOKEN='sesame", 1, "NTFY_TOKEN: a quote is not closed")]
    [InlineData("NTFY_TOKEN=\"sesame\\\"", 1, "NTFY_TOKEN: a quote is not closed")]
    [InlineData("NTFY_TOKEN=\"sesame\"x", 1, "NTFY_TOKEN: there is text after the closing quote")]
    [InlineData("\r\n\r\nNTFY_TOKEN=ses\u0007ame\r\n", 3, "NTFY_TOKEN: there is a control character")]
    [InlineData("NTFY_TOKEN=ses\rame\n", 1, "NTFY_TOKEN: there is a control character")]
    [InlineData("NTFY_TOKEN=\"sesame\\n\"", 1, "NTFY_TOKEN: there is a control character")]
    [InlineData("NTFY_TOKEN='sesame\nNTFY_TOKEN=ok", 1, "NTFY_TOKEN: a quote is not closed")]
    public void What_is_wrong_with_our_own_keys_is_told_with_its_line_and_without_the_value(string text, int line, string message)
    {
        Load(text);

        var fault = Assert.Single(_faults);
        Assert.StartsWith($".env:{line}: {message}", fault.ToString());
        Assert.DoesNotContain("sesame", fault.ToString());
    }

    [Fact]
    public void A_value_that_is_not_UTF_8_is_a_fault_on_our_own_key()
    {
        _temp.Write(".env", [.. "RELAY_TOKEN="u8, 0xFF, (byte)'\n']);

        DotEnv.Load(_temp.Home.EnvFile, _faults);

        Assert.Equal(".env:1: RELAY_TOKEN: the value is not UTF-8; allowed: plain text on one line", Assert.Single(_faults).ToString());
    }

    [Theory]
    [InlineData("OTHER=\"open")]
    [InlineData("OTHER='a'b")]
    [InlineData("just words")]
    [InlineData("=value")]
    [InlineData("A\0B=\u0001")]
    [InlineData("export")]
    [InlineData("export ")]
    [InlineData("export =x")]
    [InlineData("[section]")]
    public void Odd_lines_of_others_are_ignored(string text)
    {
        var file = Load(text + "\nNTFY_TOKEN=abc");

        Assert.Equal("abc", file["NTFY_TOKEN"]);
        Assert.Empty(_faults);
    }

    [Fact]
    public void A_UTF_16_file_is_a_fault()
    {
        _temp.Write(".env", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("A=1")]);

        DotEnv.Load(_temp.Home.EnvFile, _faults);

        Assert.Contains("UTF-16", Assert.Single(_faults).Message);
    }

    [Fact]
    public void A_folder_in_its_place_is_a_fault()
    {
        Directory.CreateDirectory(_temp.Home.EnvFile);

        DotEnv.Load(_temp.Home.EnvFile, _faults);

        Assert.StartsWith(".env: cannot be read", Assert.Single(_faults).ToString());
    }

    [Theory]
    [InlineData("", "K=v\n")]
    [InlineData("\uFEFF", "\uFEFFK=v\n")]
    [InlineData("A=1", "A=1\nK=v\n")]
    [InlineData("A=1\n", "A=1\nK=v\n")]
    [InlineData("A=1\r\n", "A=1\r\nK=v\r\n")]
    [InlineData("A=1\r\nB=2", "A=1\r\nB=2\r\nK=v\r\n")]
    [InlineData("# K=\n", "# K=\nK=v\n")]
    [InlineData("K=", "K=v")]
    [InlineData("K=\r\nB=2", "K=v\r\nB=2")]
    [InlineData("K=   # why\n", "K=v   # why\n")]
    [InlineData("K = \n", "K =v \n")]
    [InlineData("export K=\"\" # why\n", "export K=v # why\n")]
    [InlineData("K='  '\n", "K=v\n")]
    [InlineData("K=\nK=\n", "K=\nK=v\n")]
    [InlineData("K=old\n", "K=old\nK=v\n")]
    [InlineData("\r", "\r\nK=v\n")]
    public void A_set_key_fills_its_empty_line_or_is_appended(string before, string after)
    {
        var file = Load(before);

        file.Set("K", "v");
        file.Save();

        Assert.Equal(after, Encoding.UTF8.GetString(File.ReadAllBytes(_temp.Home.EnvFile)));
        Assert.Equal("v", DotEnv.Load(_temp.Home.EnvFile, _faults)["K"]);
    }

    [Fact]
    public void Bytes_of_others_are_kept()
    {
        byte[] others = [0xEF, 0xBB, 0xBF, .. "A=\"open\r\n"u8, 0xFF, 0xFE, 0x00, 0xC3, (byte)'\n', .. "  \t# x\r\r\nB='y"u8];
        _temp.Write(".env", others);
        var file = DotEnv.Load(_temp.Home.EnvFile, _faults);

        file.Set("K", "v");
        file.Save();

        Assert.Equal([.. others, .. "\r\nK=v\r\n"u8], File.ReadAllBytes(_temp.Home.EnvFile));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("it's \"quoted\" $HOME \\n #x")]
    [InlineData("#x")]
    [InlineData("àé€😀")]
    [InlineData(" ")]
    public void Any_value_comes_back_as_it_was_set(string value)
    {
        var file = Load("");

        file.Set("K", value);
        file.Save();

        Assert.Equal(value, file["K"]);
        Assert.Equal(value, DotEnv.Load(_temp.Home.EnvFile, _faults)["K"]);
    }

    [Fact]
    public void Several_keys_can_be_set()
    {
        var file = Load("A=\nB=\n");

        file.Set("A", "1");
        file.Set("B", "2");
        file.Set("C", "3");
        file.Save();

        Assert.Equal("A=1\nB=2\nC=3\n", File.ReadAllText(_temp.Home.EnvFile));
    }

    [Fact]
    public void The_file_is_not_written_when_nothing_was_set()
    {
        var longAgo = new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var file = Load("A=1");
        File.SetLastWriteTimeUtc(_temp.Home.EnvFile, longAgo);

        file.Save();

        Assert.Equal(longAgo, File.GetLastWriteTimeUtc(_temp.Home.EnvFile));
    }

    [Fact]
    public void A_missing_file_is_not_made_when_nothing_was_set()
    {
        DotEnv.Load(_temp.Home.EnvFile, _faults).Save();

        Assert.False(File.Exists(_temp.Home.EnvFile));
    }

    [Fact]
    public void A_new_file_is_for_its_owner_only_and_an_existing_one_keeps_its_mode()
    {
        var fresh = DotEnv.Load(_temp.Home.EnvFile, _faults);
        fresh.Set("A", "1");
        fresh.Save();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, ModeOf(_temp.Home.EnvFile));

        const UnixFileMode odd = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        SetMode(_temp.Home.EnvFile, odd);
        var existing = DotEnv.Load(_temp.Home.EnvFile, _faults);
        existing.Set("B", "2");
        existing.Save();

        Assert.Equal(odd, ModeOf(_temp.Home.EnvFile));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_symbolic_link_stays_one_and_its_target_is_written(bool targetExists)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_temp.Root, "elsewhere")).FullName;
        var target = Path.Combine(folder, "secrets");
        if (targetExists)
            File.WriteAllText(target, "A=1\n");
        File.CreateSymbolicLink(Path.Combine(_temp.Root, "middle"), target);
        File.CreateSymbolicLink(_temp.Home.EnvFile, Path.Combine(_temp.Root, "middle"));

        var file = DotEnv.Load(_temp.Home.EnvFile, _faults);
        file.Set("B", "2");
        file.Save();

        Assert.Empty(_faults);
        Assert.NotNull(new FileInfo(_temp.Home.EnvFile).LinkTarget);
        Assert.Equal(targetExists ? "A=1\nB=2\n" : "B=2\n", File.ReadAllText(target));
    }

    [Fact]
    public void Saving_leaves_no_other_file_behind_even_when_it_fails()
    {
        var file = Load("A=1");
        file.Set("B", "2");
        File.Delete(_temp.Home.EnvFile);
        Directory.CreateDirectory(Path.Combine(_temp.Home.EnvFile, "in-the-way"));

        Assert.ThrowsAny<Exception>(file.Save);

        Assert.Equal([_temp.Home.EnvFile], Directory.GetFileSystemEntries(_temp.Root));
    }

    private DotEnv Load(string text)
    {
        _temp.Write(".env", text);
        return DotEnv.Load(_temp.Home.EnvFile, _faults);
    }

    private static UnixFileMode ModeOf(string path) => File.GetUnixFileMode(path);

    private static void SetMode(string path, UnixFileMode mode) => File.SetUnixFileMode(path, mode);
}

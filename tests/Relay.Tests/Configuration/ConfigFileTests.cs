using System.Globalization;
using System.Text;
using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

/// <summary>The file as a whole: missing, malformed, damaged or hostile.</summary>
public sealed class ConfigFileTests : ConfigTests
{
    [Fact]
    public void A_missing_file_is_all_defaults()
    {
        var (config, faults) = ConfigReader.Read(Temp.Home);

        Assert.Empty(faults);
        Assert.True(config.SameAs(new RelayConfig()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\uFEFF")]
    [InlineData("# only a comment\n")]
    [InlineData("---\n")]
    [InlineData("---\n...\n")]
    [InlineData("~")]
    [InlineData("{}")]
    [InlineData("%YAML 1.2\n---\n")]
    public void An_empty_document_is_all_defaults(string text)
    {
        Assert.True(Valid(text).SameAs(new RelayConfig()));
    }

    [Theory]
    [InlineData("model: a\nmodel\n", 2)]
    [InlineData("model: [a\n", 2)]
    [InlineData("model: \"a\n", 2)]
    [InlineData("a: b: c\n", 1)]
    [InlineData("model: a\n  b: c\n", 2)]
    [InlineData("model: a\n}\n", 2)]
    [InlineData("model: @a\n", 1)]
    [InlineData("model: a\n---\nmodel: b\n", 2)]
    [InlineData("---\n---\n", 2)]
    [InlineData("? [a]\n: b\n", 1)]
    [InlineData("? {a: b}\n: c\n", 1)]
    [InlineData("*a : b\n", 1)]
    [InlineData("model: \"\\uD800\"\n", 1)]
    [InlineData("model: \"\\q\"\n", 1)]
    public void Malformed_YAML_is_one_fault_with_its_line(string text, int line)
    {
        var fault = SingleFault(text);

        Assert.StartsWith("config.yaml:", fault);
        Assert.True(Math.Abs(int.Parse(fault.Split(':')[1], CultureInfo.InvariantCulture) - line) <= 1, fault);
        Assert.DoesNotContain(fault, char.IsControl);
    }

    [Theory]
    [InlineData("model: a\n\tmax_tokens: 5\n", 2)]
    [InlineData("operator:\n\tname: JC\n", 2)]
    [InlineData("operator:\n  name: JC\n \ttoken: x\n", 3)]
    public void A_tab_that_indents_is_told_as_such(string text, int line)
    {
        Assert.Equal($"config.yaml:{line}: a tab indents this line; allowed: spaces", SingleFault(text));
    }

    [Fact]
    public void A_tab_elsewhere_is_fine()
    {
        Assert.Equal("x", Valid("model:\tx\t# comment\n").Model);
    }

    [Fact]
    public void A_document_may_end_explicitly()
    {
        Assert.Equal("a", Valid("---\nmodel: a\n...\n").Model);
    }

    [Fact]
    public void An_anchored_value_can_be_used_again()
    {
        var config = Valid("model: &m opus\nsummarization_prompt: *m\nsessions: [&s {session_id: a}]\n");

        Assert.Equal(("opus", "opus"), (config.Model, config.SummarizationPrompt));
    }

    [Theory]
    [InlineData("model: *nowhere")]
    [InlineData("sessions: &s [*s]")]
    [InlineData("operator: &o {name: *o}")]
    public void An_alias_without_an_anchor_before_it_is_a_fault(string text)
    {
        Assert.Contains("has no anchor before it", SingleFault(text));
    }

    [Fact]
    public void A_file_that_is_tagged_is_a_fault()
    {
        Assert.Equal(
            "config.yaml:1: the whole file: the tag tag:yaml.org,2002:map is not supported; allowed: lines of KEY: VALUE",
            SingleFault("!!map {model: x}"));
    }

    [Fact]
    public void A_merge_key_is_an_unknown_key()
    {
        Assert.StartsWith("config.yaml:2: operator.<<: unknown key", SingleFault("budget: &b {per_day_usd: 1}\noperator: {<<: *b}\n"));
    }

    [Fact]
    public void Aliases_that_would_grow_without_end_do_no_harm()
    {
        var text = new StringBuilder("a0: &a0 [x, x]\n");
        for (var i = 1; i < 100; i++)
        {
            var aliases = string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9));
            text.Append(CultureInfo.InvariantCulture, $"a{i}: &a{i} [{aliases}]\n");
        }

        Assert.Equal(101, Faults(text + "sessions: *a99\n").Count - 8);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    [InlineData("? ")]
    public void Nesting_without_end_is_a_fault_and_no_crash(string opening)
    {
        Assert.StartsWith("config.yaml:", SingleFault("model: x\nsessions:\n " + string.Concat(Enumerable.Repeat(opening, 20_000))));
    }

    [Fact]
    public void A_file_that_is_not_UTF_8_is_a_fault_with_its_line()
    {
        Temp.Write("config.yaml", [.. "model: a\nsystem_prompt: "u8, 0xE9, (byte)'\n']);

        Assert.Equal("config.yaml:2: this line is not UTF-8; allowed: UTF-8", Assert.Single(Faults()));
    }

    [Fact]
    public void A_file_too_large_is_a_fault()
    {
        Assert.Contains("too large", SingleFault("#" + new string('x', 1 << 20)));
    }

    [Fact]
    public void A_folder_in_its_place_is_a_fault()
    {
        Directory.CreateDirectory(Temp.Home.ConfigFile);

        Assert.StartsWith("config.yaml: cannot be read", Assert.Single(Faults()));
    }

    [Fact]
    public void A_hostile_value_is_shown_short_and_without_control_characters()
    {
        var fault = SingleFault($"listen: \"\\e[31m{new string('x', 5_000)}\\n\"");

        Assert.InRange(fault.Length, 1, 400);
        Assert.DoesNotContain(fault, char.IsControl);
    }

    [Fact]
    public void A_hostile_key_is_shown_short_and_without_control_characters()
    {
        var fault = SingleFault($"\"\\e[31m{new string('x', 5_000)}\\n\": 1");

        Assert.InRange(fault.Length, 1, 500);
        Assert.DoesNotContain(fault, char.IsControl);
    }

    [Fact]
    public void Random_damage_to_a_valid_file_never_throws()
    {
        var random = new Random(7420);
        var valid = Encoding.UTF8.GetBytes(ConfigTemplate.Config);
        const string interesting = "\0\t\n\r \"'#%&*,-:>?@[]`{|}~!\\\u007F\u0085\u00FF";
        for (var round = 0; round < 2_000; round++)
        {
            var damaged = (byte[])valid.Clone();
            for (var i = 0; i < 4; i++)
                damaged[random.Next(damaged.Length)] = (byte)interesting[random.Next(interesting.Length)];
            Temp.Write("config.yaml", damaged);

            Assert.All(Faults(), fault => Assert.DoesNotContain(fault, char.IsControl));
        }
    }
}

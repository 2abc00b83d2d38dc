using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

public sealed class SystemPromptTests : IDisposable
{
    private readonly TempHome _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void The_built_in_one_names_the_operator_and_the_token()
    {
        var config = new RelayConfig { Operator = new OperatorConfig { Name = "{token}", Token = "{operator}!" } };

        Assert.Contains("{token} is the operator,", config.SystemPromptText);
        Assert.Contains("\n{operator}!\n", config.SystemPromptText);
        Assert.DoesNotContain("JC", config.SystemPromptText);
    }

    [Fact]
    public void A_users_own_is_passed_as_it_is()
    {
        Assert.Equal("Ask {operator} with {token}.", new RelayConfig { SystemPrompt = "Ask {operator} with {token}." }.SystemPromptText);
    }

    [Fact]
    public void It_may_come_from_a_file_of_the_home_folder()
    {
        _temp.Write("advisor.md", "\uFEFFBe brief.\r\n");

        var (config, faults) = Read("system_prompt_file: advisor.md");

        Assert.Empty(faults);
        Assert.Equal("Be brief.\r\n", config.SystemPromptText);
        Assert.Equal(Path.Combine(_temp.Root, "advisor.md"), config.SystemPromptFile);
    }

    [Fact]
    public void Text_and_file_exclude_one_another()
    {
        _temp.Write("advisor.md", "Be brief.");

        var (_, faults) = Read("system_prompt: Be kind.\nsystem_prompt_file: advisor.md\n");

        Assert.Equal(
            "config.yaml:2: system_prompt_file: excludes system_prompt; allowed: one of the two", Assert.Single(faults).ToString());
    }

    [Theory]
    [InlineData("missing.md", "there is no readable file")]
    [InlineData("folder", "there is no readable file")]
    [InlineData("blank.md", "the file is blank")]
    [InlineData("latin1.md", "the file is not UTF-8")]
    [InlineData("large.md", "there is no readable file of up to 1048576 bytes")]
    [InlineData("\"\"", "is the text \"\"")]
    [InlineData("\"a\\0b\"", "is the text \"a?b\"")]
    [InlineData("7", "is 7")]
    public void A_file_that_cannot_be_used_is_a_fault(string name, string wrong)
    {
        Directory.CreateDirectory(Path.Combine(_temp.Root, "folder"));
        _temp.Write("blank.md", "\uFEFF \n\t\n");
        _temp.Write("latin1.md", [(byte)'a', 0xE9]);
        _temp.Write("large.md", new byte[(1 << 20) + 1]);

        var (_, faults) = Read($"model: x\nsystem_prompt_file: {name}\n");

        Assert.StartsWith($"config.yaml:2: system_prompt_file: {wrong}", Assert.Single(faults).ToString());
    }

    private (RelayConfig Config, IReadOnlyList<ConfigFault> Faults) Read(string text)
    {
        _temp.Write("config.yaml", text);
        return ConfigReader.Read(_temp.Home);
    }
}

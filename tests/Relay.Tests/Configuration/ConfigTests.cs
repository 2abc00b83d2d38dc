using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

/// <summary>Reads config.yaml in a home of its own.</summary>
public abstract class ConfigTests : IDisposable
{
    private protected TempHome Temp { get; } = new();

    public void Dispose() => Temp.Dispose();

    private protected RelayConfig Valid(string text)
    {
        Temp.Write("config.yaml", text);
        var (config, faults) = ConfigReader.Read(Temp.Home);
        Assert.Empty(faults);
        return config;
    }

    private protected string SingleFault(string text) => Assert.Single(Faults(text));

    private protected List<string> Faults(string text)
    {
        Temp.Write("config.yaml", text);
        return Faults();
    }

    private protected List<string> Faults() => [.. ConfigReader.Read(Temp.Home).Faults.Select(fault => fault.ToString())];
}

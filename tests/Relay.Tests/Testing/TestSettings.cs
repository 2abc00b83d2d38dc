using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Testing;

/// <summary>Settings as a home would have them, without the home.</summary>
internal static class TestSettings
{
    public static SettingsSource Of(string config = "")
    {
        var home = new RelayHome(Directory.CreateTempSubdirectory("relay-settings-").FullName);
        try
        {
            File.WriteAllText(home.ConfigFile, config);
            return Assert.IsType<Loaded.Ok>(SettingsSource.Load(home, new Dictionary<string, string>(), generate: true)).Source;
        }
        finally
        {
            Directory.Delete(home.Root, recursive: true);
        }
    }
}

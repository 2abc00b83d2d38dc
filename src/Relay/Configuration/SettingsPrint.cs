using System.Security.Cryptography;
using System.Text;
using Relay.Files;

namespace Relay.Configuration;

/// <summary>Tells whether the settings or the program are others than before. The secrets are not part of it.</summary>
internal static class SettingsPrint
{
    public static string Of(Settings settings)
    {
        var file = Encoding.UTF8.GetString(BoundedFile.ReadOwn(settings.Home.ConfigFile, ConfigReader.LargestBytes).Found ?? []);
        var text = string.Join('\0', ProgramVersion.Text, settings.Config.SystemPromptText, file);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}

using System.Security.Cryptography;
using System.Text;

namespace Relay.Configuration;

/// <summary>Tells whether the settings or the program are others than before. The secrets are not part of it.</summary>
internal static class SettingsPrint
{
    public static string Of(Settings settings)
    {
        var file = File.Exists(settings.Home.ConfigFile) ? File.ReadAllText(settings.Home.ConfigFile) : "";
        var text = string.Join('\0', ProgramVersion.Text, settings.Config.SystemPromptText, file);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}

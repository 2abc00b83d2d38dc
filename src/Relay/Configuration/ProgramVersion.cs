using System.Reflection;

namespace Relay.Configuration;

internal static class ProgramVersion
{
    public static readonly string Text = Assembly.GetExecutingAssembly()
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}

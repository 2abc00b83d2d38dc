namespace Relay.Configuration;

/// <summary>The file a path means after symbolic links are followed, whether or not it exists.</summary>
internal static class LinkTarget
{
    public static string Of(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
}

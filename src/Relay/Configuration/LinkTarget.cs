namespace Relay.Configuration;

/// <summary>The file a path means after symbolic links are followed, whether or not it exists.</summary>
internal static class LinkTarget
{
    public static string Of(string path)
    {
        var file = new FileInfo(path);
        return file.LinkTarget is null ? path : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
    }
}

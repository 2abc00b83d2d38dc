namespace Relay.Configuration;

/// <summary>The path after symbolic links have been followed. The file need not exist.</summary>
internal static class LinkTarget
{
    public static string Of(string path)
    {
        var file = new FileInfo(path);
        return file.LinkTarget is null ? path : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
    }
}

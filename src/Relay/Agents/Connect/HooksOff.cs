using Relay.Files;

namespace Relay.Agents.Connect;

/// <summary>The client's setting by which no hook runs, ours neither: then a connection brings nothing, and nobody is told.</summary>
internal static class HooksOff
{
    private const string Setting = "disableAllHooks";
    private const int Largest = 16 << 20;

    /// <summary>For people; null where no file has it.</summary>
    public static string? In(IEnumerable<string> files) => files.FirstOrDefault(IsIn) is { } file
        ? $"But {file} says {Setting}, so the client runs no hook: take that out, or replies come only by the tools, and nobody is told "
            + "whether the relay is connected."
        : null;

    private static bool IsIn(string path)
    {
        try
        {
            return BoundedFile.Read(path, Largest) is FileContent.Bytes bytes
                && JsonFile.Parse(path, bytes.Content).Root[Setting] is { } setting && setting.ToJsonString() == "true";
        }
        catch (ConnectFault)
        {
            return false; // What the client makes of it is not known.
        }
    }
}

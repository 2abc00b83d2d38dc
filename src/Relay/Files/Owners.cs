using System.Globalization;
using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Whose a file is, and what follows from it.</summary>
internal static class Owners
{
    public const uint Root = 0;

    /// <summary>Whether what a file of this owner says is done as this user: his own, root's, or that of whose folder the file is
    /// in.</summary>
    public static bool MayBeObeyed(uint owner, string path) =>
        MayCommand(owner, Path.GetDirectoryName(Path.GetFullPath(path))!);

    /// <summary>Whether he is the owner of a folder, or could be: this user, whose process works in it, and root.</summary>
    public static bool MayCommand(uint owner, string folder) => IsOwnOrRoots(owner) || owner == Of(folder);

    public static bool IsOwnOrRoots(uint owner) => owner == Posix.User || owner == Root;

    /// <summary>Of what a link leads to; null where there is nothing.</summary>
    public static uint? Of(string path) => Posix.Stat(path)?.Owner;

    /// <summary>As people know it: the user's name, else the number.</summary>
    public static string Name(uint user) =>
        UserNames.NameOf(user) ?? string.Create(CultureInfo.InvariantCulture, $"uid {user}");
}

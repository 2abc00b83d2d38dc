using System.Globalization;
using Relay.Files.Platform;

namespace Relay.Configuration;

/// <summary>A user of this machine, by name or number; in quotes a number is one too, unless a user is named like that.</summary>
internal static class UserRule
{
    private const string Allowed = "the name or the number of a user of this machine";

    public static Rule<uint?> User => value => value switch
    {
        YamlValue.Scalar { Kind: ScalarKind.Number } number when IdIn(number.Content) is { } id => new Parsed<uint?>.Valid(id),
        YamlValue.Scalar { Kind: ScalarKind.Text } name when name.Content.Length > 0 => Named(name.Content) is { } id
            ? new Parsed<uint?>.Valid(id)
            : new Parsed<uint?>.Invalid($"there is no user {Texts.Printable.Short(name.Content)}", Allowed),
        _ => new Parsed<uint?>.Invalid(value.Problem, Allowed),
    };

    private static uint? Named(string text) => UserNames.IdOf(text) ?? IdIn(text);

    private static uint? IdIn(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id != uint.MaxValue ? id : null;
}

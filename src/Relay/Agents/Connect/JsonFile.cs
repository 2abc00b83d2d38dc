using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Relay.Files;
using Relay.Texts;

namespace Relay.Agents.Connect;

/// <summary>Says why sessions cannot be connected or disconnected. Nothing has been written.</summary>
internal sealed class ConnectFault(string message) : Exception(message);

/// <summary>A JSON file of the user: its content and its formatting, which is kept when the file is written again.</summary>
internal sealed record JsonFile(JsonObject Root, string Indent, string NewLine, bool EndsWithNewLine, bool HasBom)
{
    private static ReadOnlySpan<byte> Bom => [0xEF, 0xBB, 0xBF];

    public static JsonFile New => new([], "  ", "\n", EndsWithNewLine: true, HasBom: false);

    /// <summary>Null when there is no such file.</summary>
    /// <exception cref="ConnectFault">The file is not a JSON object.</exception>
    public static JsonFile? Read(ForeignFolder folder, string path) => folder.Read(path) is { } bytes ? Parse(path, bytes) : null;

    public static JsonFile Parse(string path, byte[] content)
    {
        var hasBom = content.AsSpan().StartsWith(Bom);
        var bytes = hasBom ? content.AsSpan(Bom.Length) : content;
        if (!Utf8.IsValid(bytes))
            throw new ConnectFault($"{path}: not UTF-8; nothing was changed");
        if (JsonText.Fault(bytes) is { } fault)
            throw new ConnectFault($"{path}: {fault}; nothing was changed");
        var text = Encoding.UTF8.GetString(bytes);
        var newLine = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        return new JsonFile(Object(path, bytes), IndentOf(text), newLine, text.EndsWith('\n'), hasBom);
    }

    public byte[] Render(JsonObject root)
    {
        var options = new JsonSerializerOptions
        {
            WriteIndented = Indent.Length > 0,
            IndentCharacter = Indent.StartsWith('\t') ? '\t' : ' ',
            IndentSize = Math.Max(Indent.Length, 1),
            NewLine = NewLine,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        var text = root.ToJsonString(options) + (EndsWithNewLine ? NewLine : "");
        return [.. HasBom ? Bom : [], .. Encoding.UTF8.GetBytes(text)];
    }

    private static JsonObject Object(string path, ReadOnlySpan<byte> bytes)
    {
        try
        {
            var root = JsonNode.Parse(bytes, nodeOptions: null, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return root as JsonObject ?? throw new ConnectFault($"{path}: a JSON object is expected; nothing was changed");
        }
        catch (JsonException exception)
        {
            var place = FormattableString.Invariant($"{(exception.LineNumber ?? 0) + 1}:{(exception.BytePositionInLine ?? 0) + 1}");
            throw new ConnectFault(
                $"{path}:{place}: not JSON, so it cannot be merged into; nothing was changed ({Reason(exception)})");
        }
    }

    private static string Reason(JsonException exception) =>
        exception.Message.Split(" LineNumber:")[0].Split(" Path:")[0].TrimEnd('.', ' ');

    /// <summary>The white space before the first key. Empty for a file that is written in one line.</summary>
    private static string IndentOf(string text)
    {
        var brace = text.IndexOf('{');
        var key = text.IndexOf('"');
        if (brace < 0 || key < brace)
            return "  ";
        var between = text[(brace + 1)..key];
        var line = between.LastIndexOf('\n');
        var indent = line < 0 ? "" : between[(line + 1)..];
        return line >= 0 && indent.Length == 0 ? "  " : indent[..Math.Min(indent.Length, 127)];
    }
}

using System.Security.Cryptography;

namespace Relay.Loopback;

/// <summary>Binds a thinking block to the exact system, tools and messages before it. If they were changed, trimmed or summarised
/// and the thinking block is still sent, the request is refused. Signatures that were not made here are not checked.</summary>
internal static class ThinkingBinding
{
    private const string Prefix = "EqQB";

    /// <summary>The signature of a thinking block that follows these blocks.</summary>
    public static string Sign(IEnumerable<PromptBlock> blocks)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var block in blocks)
            block.AppendTo(hash);
        return Signature(hash);
    }

    public static string? FindFault(AdvisorRequest request)
    {
        if (!ModelFacts.BindsThinking(request.Model))
            return null;

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var message in request.Blocks.GroupBy(MessageOf))
        {
            var signature = Signature(hash);
            var broken = message.FirstOrDefault(block =>
                block.Type == "thinking"
                && block.Text.Contains($"\"{Prefix}", StringComparison.Ordinal)
                && !block.Text.Contains(signature, StringComparison.Ordinal));
            if (broken is not null)
                return $"{broken.Path}: Invalid `signature` in `thinking` block. The block is bound to a different conversation.";
            foreach (var block in message)
                block.AppendTo(hash);
        }
        return null;
    }

    private static string MessageOf(PromptBlock block) =>
        block.Section == PromptSection.Messages ? block.Path[..block.Path.IndexOf(".content", StringComparison.Ordinal)] : "";

    private static string Signature(IncrementalHash hash) => Prefix + Convert.ToHexString(hash.GetCurrentHash());
}

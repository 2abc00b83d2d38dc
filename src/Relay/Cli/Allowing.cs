using Relay.Configuration;
using Relay.Operator;
using Relay.Operator.Asked;

namespace Relay.Cli;

/// <summary>What a bare "allow", "always" or "approve" on the command line allows. It is shown in full and named by its
/// digest, so that the daemon allows this or nothing.</summary>
internal sealed record Allowing(long Question, string Words, string Text, string Digest, bool IsPageWhole)
{
    /// <summary>Null when the words allow nothing, or say themselves what they allow.</summary>
    /// <param name="settings">Of the home whose questions are meant.</param>
    /// <param name="question">Its number; null for the only open one.</param>
    /// <param name="text">The operator's words.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<Allowing?> OfAsync(
        SettingsSource settings, long? question, string text, CancellationToken cancellationToken)
    {
        if (question is null && OperatorWords.Parse(text) is OperatorWords.Numbered numbered)
            (question, text) = (numbered.Question, numbered.Text);
        if (!AskedWords.MayGrant(text))
            return null;
        await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
        return await reader.ReadAsync(
            async reading =>
            {
                var open = await QuestionStore.OpenAsync(reading, cancellationToken);
                if (question is null && open.Count != 1)
                    return null;
                if (open.Find(each => each.Id == (question ?? each.Id)) is not { Ask: { } asked } meant
                    || AskedWords.Of(asked, text) is not AnswerReading.Clear { IsGrant: true, Digest: null })
                    return null;
                if (question is null && await AskedPage.MayBeMistakenAsync(reading, meant, cancellationToken))
                    return null; // The relay says why it does not count.
                var why = await AskedPage.WhyNotWholeAsync(reading, meant, cancellationToken);
                return new Allowing(meant.Id, text, meant.Text, PermissionDigest.Of(meant), IsPageWhole: why is null);
            },
            cancellationToken);
    }
}

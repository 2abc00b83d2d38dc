using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Relay.Configuration;
using Relay.Operator.Pages;

namespace Relay.Operator.Phone;

/// <summary>What a button publishes: which question and option it is, with proof that this relay made it for the page that stands and for
/// what that shows. With the answer the page is cleared, and what was put off gets new buttons: so a token counts once.</summary>
internal sealed record ButtonToken(long Question, string Key, int Issue, string Proof)
{
    public const string Prefix = "relay:";

    /// <summary>The key of the button that asks again later.</summary>
    public const string Later = "later";

    private const int Digits = 32;

    public static string Make(Secrets secrets, QueuedPage page, Question question, string key, string words) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{question.Id}:{key}:{page.Issue}:")
        + ProofOf(secrets, (page.Id, page.Issue), question, key, words);

    /// <summary>Null when it is none.</summary>
    public static ButtonToken? Parse(string text) =>
        text.Trim().Split(':') is ["relay", var question, var key, var issue, { Length: Digits } proof]
        && long.TryParse(question, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && int.TryParse(issue, NumberStyles.None, CultureInfo.InvariantCulture, out var of)
            ? new ButtonToken(number, key, of, proof)
            : null;

    /// <summary>Whether this relay made it for a page.</summary>
    public bool IsOf(Secrets secrets, QueuedPage page, Question question, string words) =>
        CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(Proof),
            Encoding.UTF8.GetBytes(ProofOf(secrets, (page.Id, Issue), question, Key, words)));

    private static string ProofOf(Secrets secrets, (string Id, int Issue) page, Question question, string key, string words)
    {
        var shown = PermissionDigest.Of(question);
        return secrets.Derived(
            FormattableString.Invariant($"button\n{page.Id}\n{page.Issue}\n{question.Id}\n{shown}\n{key}\n{words}"))[..Digits];
    }
}

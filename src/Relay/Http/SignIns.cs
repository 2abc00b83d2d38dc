using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Relay.Configuration;
using Relay.Files;

namespace Relay.Http;

/// <summary>A browser that was let in. Of its cookie only the digest is kept.</summary>
internal sealed record SignIn(string Id, string Digest, DateTimeOffset MadeAt, DateTimeOffset LastUsedAt, string From, string Browser);

/// <summary>The browsers that were let in to the operator's page, in state/sign-ins.json, and the one-time links that let them in, in
/// memory. A file and not the database, so that a sign-in holds while the database does not. Thread-safe.</summary>
internal sealed class SignIns(SettingsSource settings, TimeProvider clock)
{
    public static readonly TimeSpan LinkLasts = TimeSpan.FromMinutes(10), Idle = TimeSpan.FromDays(30);
    private static readonly TimeSpan BetweenNotes = TimeSpan.FromMinutes(10);

    private const int SecretBytes = 32, MostLinks = 16, MostSignIns = 100, LongestBrowser = 200;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _links = [];
    private List<SignIn>? _all;
    private DateTimeOffset _notedAt;

    /// <summary>A code that opens one browser, once.</summary>
    public string NewCode()
    {
        var code = NewSecret();
        lock (_lock)
        {
            if (_links.Count >= MostLinks)
                _links.Remove(_links.MinBy(link => link.Value).Key);
            _links[DigestOf(code)] = clock.GetUtcNow() + LinkLasts;
        }
        return code;
    }

    /// <summary>Uses up a code.</summary>
    /// <returns>The new cookie's value; null where the code is not good, or not any more.</returns>
    public string? Open(string code, string from, string browser)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            if (!_links.Remove(DigestOf(code), out var until) || until < now)
                return null;
            var secret = NewSecret();
            var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(6));
            var known = All_NeedsLock();
            var kept = known.OrderByDescending(each => each.LastUsedAt).Take(MostSignIns - 1);
            Write_NeedsLock([.. kept, new SignIn(id, DigestOf(secret), now, now, from, Texts.Excerpt.Of(browser, LongestBrowser))]);
            return secret;
        }
    }

    /// <summary>Whose cookie it is; null where nobody's, or it was revoked or not used for too long.</summary>
    public SignIn? Find(string cookie)
    {
        var digest = DigestOf(cookie);
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            var all = All_NeedsLock();
            var at = all.FindIndex(each => each.Digest == digest);
            if (at < 0 || now - all[at].LastUsedAt > Idle)
                return null;
            all[at] = all[at] with { LastUsedAt = now };
            NoteUses_NeedsLock(now);
            return all[at];
        }
    }

    public bool IsStillGood(SignIn known)
    {
        lock (_lock)
            return All_NeedsLock().Exists(each => each.Digest == known.Digest);
    }

    /// <summary>Those that still open the page, newest use first.</summary>
    public IReadOnlyList<SignIn> List()
    {
        lock (_lock)
            return
            [
                .. All_NeedsLock()
                    .Where(each => clock.GetUtcNow() - each.LastUsedAt <= Idle)
                    .OrderByDescending(each => each.LastUsedAt),
            ];
    }

    /// <summary>Its cookie opens nothing from now on. False where there is none of that id.</summary>
    public bool Revoke(string id)
    {
        lock (_lock)
        {
            var left = All_NeedsLock().FindAll(each => each.Id != id);
            if (left.Count == _all!.Count)
                return false;
            Write_NeedsLock(left);
            return true;
        }
    }

    /// <summary>What a form of the page carries: only who has the cookie can make it, and no other site can read it.</summary>
    public static string FormToken(string cookie) => Base64Url.EncodeToString(
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(cookie), "relay form 1"u8));

    private static string NewSecret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));

    private static string DigestOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private string Path => settings.Current.Home.SignInsFile;

    /// <summary>Of a file that cannot be read, nobody is let in: the page is opened anew.</summary>
    private List<SignIn> All_NeedsLock()
    {
        if (_all is not null)
            return _all;
        try
        {
            var read = BoundedFile.ReadState(Path).Found;
            return _all = read is null ? [] : JsonSerializer.Deserialize<List<SignIn>>(read, Json.Options) ?? [];
        }
        catch (JsonException)
        {
            return _all = [];
        }
    }

    private void Write_NeedsLock(List<SignIn> all)
    {
        DurableFile.Replace(Path, JsonSerializer.SerializeToUtf8Bytes(all, Json.Options));
        _all = all;
    }

    private void NoteUses_NeedsLock(DateTimeOffset now)
    {
        if ((now - _notedAt).Duration() < BetweenNotes)
            return;
        _notedAt = now;
        try
        {
            Write_NeedsLock([.. _all!]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Only when it was last used is lost.
        }
    }
}

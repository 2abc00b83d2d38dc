using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Relay.Configuration;
using Relay.Http;

namespace Relay.Web.Dashboard;

/// <summary>A form of the page, once its token is checked.</summary>
/// <param name="Text">As it was written, with its own line breaks.</param>
internal sealed record SentForm(string Text, IFormCollection Fields)
{
    public string Field(string name) => Fields[name].ToString();

    public long? Question =>
        long.TryParse(Field("question"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Of any field: a choice has its own words in several.</summary>
    public int LongestBytes => Fields.Select(each => Encoding.UTF8.GetByteCount(each.Value.ToString())).DefaultIfEmpty().Max();

    /// <summary>Sent again, the same form is the same words.</summary>
    public string? Key => Field("once") is { Length: > 0 and <= 64 } once ? "page:" + once : null;
}

/// <summary>Reads forms. One that came with a browser's cookie must carry the token that only the relay's own page has.</summary>
internal static class Forms
{
    /// <summary>A client's questions have a few each, and what is chosen.</summary>
    private const int MostFields = 1_000;

    public static string TokenFor(HttpContext context) => SignInCookie.Of(context.Request) is { } cookie ? SignIns.FormToken(cookie) : "";

    /// <summary>Makes a form's words the same words when it is sent twice.</summary>
    public static string NewKey() => RandomNumberGenerator.GetHexString(16, lowercase: true);

    /// <summary>Null when it was refused, and the refusal is written.</summary>
    public static async Task<SentForm?> ReadAsync(HttpContext context, RelayConfig config)
    {
        if (!context.Request.HasFormContentType)
        {
            await Problem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "a form is expected");
            return null;
        }
        var longest = RequestBounds.LongestMessage(config.MaxEnvelopeBytes);
        var options = new Microsoft.AspNetCore.Http.Features.FormOptions
        {
            ValueCountLimit = MostFields,
            KeyLengthLimit = 64,
            ValueLengthLimit = longest,
            BufferBodyLengthLimit = longest,
            MultipartBodyLengthLimit = longest,
        };
        IFormCollection fields;
        try
        {
            fields = await context.Request.ReadFormAsync(options, context.RequestAborted);
        }
        catch (InvalidDataException)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "the form cannot be read");
            return null;
        }
        if (Caller.Of(context) is Caller.Operator { Browser: not null }
            && !ConnectionToken.AreSame(fields["form"].ToString(), TokenFor(context)))
        {
            await Problem.WriteAsync(
                context, StatusCodes.Status403Forbidden, "the form is not of this page, or of another sign-in: load it anew");
            return null;
        }
        return new SentForm(fields["text"].ToString().ReplaceLineEndings("\n"), fields);
    }
}

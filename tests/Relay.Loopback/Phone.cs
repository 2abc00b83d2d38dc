using System.Net;
using System.Text;
using System.Text.Json;

namespace Relay.Loopback;

/// <summary>Does what the ntfy app does when the operator taps a button of a notification.</summary>
public static class Phone
{
    /// <summary>Sends the request of the button with that label; its action must be "http".</summary>
    public static async Task<HttpStatusCode> TapAsync(Page page, string label, CancellationToken cancellationToken)
    {
        var action = page.Actions.EnumerateArray().Single(action => PromptParser.Text(action, "label") == label);
        var method = PromptParser.Text(action, "method") is { Length: > 0 } named ? named : "POST";
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), PromptParser.Text(action, "url"));
        request.Content = new StringContent(PromptParser.Text(action, "body"), Encoding.UTF8);
        request.Content.Headers.ContentType = null;
        if (PromptParser.Property(action, "headers") is { ValueKind: JsonValueKind.Object } headers)
        {
            foreach (var header in headers.EnumerateObject())
            {
                if (!request.Headers.TryAddWithoutValidation(header.Name, header.Value.GetString()))
                    request.Content.Headers.TryAddWithoutValidation(header.Name, header.Value.GetString());
            }
        }

        using var client = new HttpClient();
        using var response = await client.SendAsync(request, cancellationToken);
        return response.StatusCode;
    }
}

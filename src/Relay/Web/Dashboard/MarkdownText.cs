using Markdig;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Microsoft.AspNetCore.Components;
using Relay.Texts;

namespace Relay.Web.Dashboard;

/// <summary>Foreign Markdown as HTML. Whatever it says, nothing of it is markup of its own, is loaded, or leads elsewhere than to an
/// address that people can read: HTML stays text, an image is the link to it, and only web and mail addresses are links.</summary>
internal static class MarkdownText
{
    private static readonly string[] AllowedSchemes = ["http:", "https:", "mailto:"];

    /// <summary>Beyond this it is shown as it was written: nobody may keep the relay busy with it.</summary>
    private const int Longest = 20_000;

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().Build();

    public static MarkupString Html(string text)
    {
        var shown = Visible.Of(text);
        if (shown.Length > Longest)
            return AsWritten(shown);
        try
        {
            var document = Markdown.Parse(shown, Pipeline);
            Tame(document);
            using var writer = new StringWriter();
            var renderer = new HtmlRenderer(writer);
            Pipeline.Setup(renderer);
            renderer.ObjectRenderers.Replace<HeadingRenderer>(new Headings());
            renderer.Render(document);
            return new MarkupString(Visible.Again(writer.ToString())); // What it spells as &#x202e; is a sign only now.
        }
        catch (ArgumentException) // Nested deeper than anybody writes.
        {
            return AsWritten(shown);
        }
    }

    private static MarkupString AsWritten(string shown) => new($"<pre class=plain>{System.Net.WebUtility.HtmlEncode(shown)}</pre>");

    private static void Tame(MarkdownDocument document)
    {
        foreach (var link in document.Descendants<LinkInline>().ToList())
        {
            if (!IsAllowed(link.Url))
            {
                var words = link.FirstChild is null ? "" : TextOf(link) + " ";
                link.ReplaceBy(new LiteralInline($"{words}({link.Url})"), copyChildren: false);
                continue;
            }
            if (link.IsImage && link.FirstChild is null)
                link.AppendChild(new LiteralInline(link.Url!));
            link.IsImage = false;
            link.Title = null;
            link.GetAttributes().AddProperty("rel", "noopener noreferrer");
        }
        foreach (var link in document.Descendants<AutolinkInline>().Where(link => !link.IsEmail && !IsAllowed(link.Url)).ToList())
            link.ReplaceBy(new LiteralInline(link.Url), copyChildren: false);
    }

    private static string TextOf(ContainerInline container) =>
        string.Concat(container.Descendants<LiteralInline>().Select(literal => literal.Content.ToString()));

    private static bool IsAllowed(string? url) =>
        url is not null && AllowedSchemes.Any(scheme => url.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    /// <summary>The page has an order of headings of its own.</summary>
    private sealed class Headings : HtmlObjectRenderer<HeadingBlock>
    {
        protected override void Write(HtmlRenderer renderer, HeadingBlock obj)
        {
            renderer.Write("<p class=heading>");
            renderer.WriteLeafInline(obj);
            renderer.WriteLine("</p>");
        }
    }
}

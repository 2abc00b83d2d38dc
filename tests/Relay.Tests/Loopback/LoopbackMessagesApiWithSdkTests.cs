using Anthropic;
using Anthropic.Exceptions;
using Anthropic.Models;
using Anthropic.Models.Messages;
using Relay.Loopback;
using Xunit;

namespace Relay.Tests.Loopback;

/// <summary>Uses the official SDK to check that the stand-in speaks the protocol.</summary>
public sealed class LoopbackMessagesApiWithSdkTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private LoopbackMessagesApi _api = null!;
    private AnthropicClient _client = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _api = await LoopbackMessagesApi.StartAsync(new() { ApiKey = "key" });
        _client = new AnthropicClient
        {
            ApiKey = "key",
            BaseUrl = _api.Address.ToString().TrimEnd('/'),
            MaxRetries = 0,
            Timeout = Limit,
            OpenTelemetry = false,
        };
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task A_streamed_answer_is_read_back_whole_with_its_cache_usage()
    {
        var question = PromptBody.Tokens(600, 'a');

        var first = await AskAsync(question);
        var second = await AskAsync(question);

        Assert.Equal($"reply to: {question}", TextOf(first));
        Assert.Equal(StopReason.EndTurn, first.StopReason?.Value());
        Assert.Equal(600, first.Usage.CacheCreation?.Ephemeral1hInputTokens);
        Assert.Equal(600, second.Usage.CacheReadInputTokens);
        Assert.Equal([CacheLifetime.OneHour], _api.Requests[0].Markers.Select(marker => marker.Lifetime));
    }

    [Fact]
    public async Task An_answer_in_one_piece_is_read_too()
    {
        var message = await _client.Messages.Create(Question("hello"), CancellationToken);

        Assert.Equal("reply to: hello", TextOf(message));
    }

    [Fact]
    public async Task Thinking_with_only_a_signature_comes_before_the_text()
    {
        _api.Enqueue(ScriptedReply.ThinkingThen("The answer."));

        var message = await AskAsync("hello");

        Assert.True(message.Content[0].TryPickThinking(out var thinking));
        Assert.NotEmpty(thinking.Signature);
        Assert.Equal("The answer.", TextOf(message));
    }

    [Fact]
    public async Task Thinking_can_be_replayed_after_what_it_was_made_from_and_after_nothing_else()
    {
        _api.Enqueue(ScriptedReply.ThinkingThen("The answer."));
        var answer = await AskAsync("the question");
        MessageCreateParams FollowUp(string firstQuestion) => new()
        {
            Model = PromptBody.Model,
            MaxTokens = 16_000,
            Messages =
            [
                new UserMessageParam(firstQuestion),
                new AssistantMessageParam(answer.Content.Select(block => new ContentBlockParam(block.Json)).ToList()),
                new UserMessageParam("and then?"),
            ],
        };

        var next = await _client.Messages.Create(FollowUp("the question"), CancellationToken);
        var refusal = await Assert.ThrowsAsync<AnthropicBadRequestException>(
            () => _client.Messages.Create(FollowUp("a summary of the question"), CancellationToken));

        Assert.Equal("reply to: and then?", TextOf(next));
        Assert.Contains("messages.1.content.0: Invalid `signature` in `thinking` block", refusal.ApiMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("refusal")]
    [InlineData("max_tokens")]
    [InlineData("model_context_window_exceeded")]
    [InlineData("end_turn")]
    public async Task Stop_reasons_arrive_as_scripted(string stopReason)
    {
        _api.Enqueue(stopReason switch
        {
            "refusal" => ScriptedReply.Refusal("That is not for me."),
            "max_tokens" => ScriptedReply.MaxTokens("Half an ans"),
            "end_turn" => ScriptedReply.Empty(),
            _ => ScriptedReply.ContextExceeded(),
        });

        var message = await AskAsync("hello");

        Assert.Equal(stopReason, message.StopReason?.Raw());
        Assert.Equal(stopReason == "refusal" ? "That is not for me." : null, message.StopDetails?.Explanation);
        Assert.Equal(stopReason is "refusal" or "end_turn", message.Content.Count == 0);
    }

    [Fact]
    public async Task Faults_in_mid_stream_and_before_it_are_the_exceptions_of_the_real_service()
    {
        _api.Enqueue(
            ScriptedReply.ErrorEvent("overloaded_error"), ScriptedReply.CutAfter(2), ScriptedReply.Status(529),
            ScriptedReply.SpendLimitReached(), ScriptedReply.PromptTooLong(), ScriptedReply.LowCredit());

        await Assert.ThrowsAsync<AnthropicSseException>(() => AskAsync("error event"));
        await Assert.ThrowsAsync<HttpIOException>(() => AskAsync("cut"));
        await Assert.ThrowsAsync<AnthropicOverloadedException>(() => AskAsync("overloaded"));
        await Assert.ThrowsAsync<AnthropicEnforcedSpendLimitReachedException>(() => AskAsync("spend limit"));
        await Assert.ThrowsAsync<AnthropicBadRequestException>(() => AskAsync("too long"));
        await Assert.ThrowsAsync<AnthropicBadRequestException>(() => AskAsync("low credit"));
    }

    [Fact]
    public async Task A_body_that_is_no_event_stream_is_no_answer()
    {
        _api.Enqueue(ScriptedReply.Garbage());

        await Assert.ThrowsAnyAsync<AnthropicException>(() => AskAsync("hello"));
    }

    [Fact]
    public async Task A_stalled_stream_goes_on_to_its_end_once_released()
    {
        _api.Enqueue(ScriptedReply.StallAfter(1, "one two three four"));
        var pending = AskAsync("hello");
        var request = await _api.WaitForRequestsAsync(1, Limit);
        await request.Silent.WaitAsync(Limit, CancellationToken);
        Assert.False(pending.IsCompleted);

        _api.ReleaseStalled();

        Assert.Equal("one two three four", TextOf(await pending));
        Assert.Equal(RequestEnd.Answered, await request.Ended.WaitAsync(Limit, CancellationToken));
    }

    private Task<Message> AskAsync(string text) =>
        _client.Messages.CreateStreaming(Question(text), CancellationToken).Aggregate();

    private static MessageCreateParams Question(string text) => new()
    {
        Model = PromptBody.Model,
        MaxTokens = 16_000,
        Messages =
        [
            new UserMessageParam(new List<ContentBlockParam>
            {
                new TextBlockParam { Text = text, CacheControl = new CacheControlEphemeral { Ttl = Ttl.Ttl1h } },
            }),
        ],
    };

    private static string TextOf(Message message) =>
        string.Concat(message.Content.Select(block => block.Value).OfType<TextBlock>().Select(block => block.Text));
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Relay.Loopback;

public sealed record LoopbackNtfyOptions
{
    /// <summary>Used for arrival times, the Date of each answer, "since" and the keepalive.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>0 means any free port. With an earlier <see cref="LoopbackNtfy.Port"/> the same server comes back.</summary>
    public int Port { get; init; }

    /// <summary>Null accepts everybody. Otherwise a missing token gets 403 and a wrong one 401.</summary>
    public string? Token { get; init; }

    /// <summary>With a token: everybody else may read and write as well, as on the public server.</summary>
    public bool IsOpen { get; init; }

    /// <summary>With a token: whoever has none is told that the server has a fault, so nobody learns whether they might.</summary>
    public bool IsFaultyToOthers { get; init; }

    public TimeSpan Keepalive { get; init; } = TimeSpan.FromSeconds(45);
}

/// <summary>A stand-in for an ntfy server on 127.0.0.1: publishing as JSON or plain text, clearing, and subscribing to a topic.</summary>
public sealed class LoopbackNtfy : IAsyncDisposable
{
    private readonly LoopbackNtfyOptions _options;
    private readonly ArrivalLog<Page> _pages = new();
    private readonly ArrivalLog<string> _attempts = new();
    private readonly ConcurrentQueue<NtfyFault> _faults = new();
    private readonly ReleaseGate _hung = new();
    private readonly NtfySubscriptions _subscriptions;
    private volatile NtfyFault? _always;
    private LoopbackHost? _host;

    private LoopbackNtfy(LoopbackNtfyOptions options)
    {
        _options = options;
        _subscriptions = new NtfySubscriptions(_pages, options);
    }

    public Uri Address => _host!.Address;

    public int Port => Address.Port;

    /// <summary>Every accepted message of all topics, in order. Includes what a tap on a button published.</summary>
    public IReadOnlyList<Page> Pages => _pages.Snapshot();

    /// <summary>The bodies of all publish requests, including refused and lost ones.</summary>
    public IReadOnlyList<string> Attempts => _attempts.Snapshot();

    /// <summary>What the phone shows now: the last page of each sequence, unless it was cleared or deleted.</summary>
    public IReadOnlyList<Page> Showing =>
        [.. Pages.GroupBy(page => (page.Topic, page.SequenceId)).Select(pages => pages.Last()).Where(page => page.Event == "message")];

    public static async Task<LoopbackNtfy> StartAsync(LoopbackNtfyOptions? options = null)
    {
        var ntfy = new LoopbackNtfy(options ?? new LoopbackNtfyOptions());
        ntfy._host = await LoopbackHost.StartAsync(ntfy._options.Port, ntfy.HandleAsync);
        return ntfy;
    }

    /// <summary>Each queued fault hits one publish request, in order.</summary>
    public void Enqueue(params IEnumerable<NtfyFault> faults)
    {
        foreach (var fault in faults)
            _faults.Enqueue(fault);
    }

    /// <summary>Hits every publish request when the queue is empty, until set to null.</summary>
    public void Always(NtfyFault? fault) => _always = fault;

    public void ReleaseHung() => _hung.Open();

    /// <summary>Closes the connections of all subscribers, as a restart or a network fault does.</summary>
    public void DropSubscribers() => _subscriptions.Drop();

    /// <summary>Completes with the first page that matches, whether it has arrived already or not; the limit is real time.</summary>
    public Task<Page> WaitForPageAsync(Func<Page, bool> fits, TimeSpan limit) => _pages.WaitAsync(
        pages => pages.FirstOrDefault(fits) is { } page ? (true, page) : (false, null), limit, "a page that fits");

    /// <summary>Completes when that many publish requests have arrived, accepted or not; the limit is real time.</summary>
    public Task WaitForAttemptsAsync(int count, TimeSpan limit) => _attempts.WaitAsync(
        attempts => attempts.Count >= count ? (true, attempts[count - 1]) : (false, null), limit, $"{count} publishes");

    /// <summary>Publishes a message to a topic, as the operator can from the app.</summary>
    public Page Say(string topic, string message) => Accept(Written(topic, message, authorization: null));

    /// <summary>More than a message may hold, on a server that takes files: that is what it makes of it.</summary>
    public Page SayTooMuch(string topic) =>
        Accept(Written(topic, "You received a file: attachment.txt", authorization: null) with { File = "attachment.txt" });

    /// <summary>Bytes that are no text.</summary>
    public Page SayBytes(string topic, byte[] bytes) =>
        Accept(Written(topic, Convert.ToBase64String(bytes), authorization: null) with { Encoding = "base64" });

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;

    private Task HandleAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var path = (context.Request.Path.Value ?? "/").Trim('/').Split('/');
        context.Response.Headers.Date = _options.Clock.GetUtcNow().ToString("r", CultureInfo.InvariantCulture);
        if (FindAccessFault(context) is { } denied)
            return RefuseAsync(context, denied, cancellationToken);

        return (context.Request.Method, path) switch
        {
            ("POST" or "PUT", [_]) => PublishAsync(context, path[0], sequence: "", cancellationToken),
            ("POST" or "PUT", [var topic, var sequence]) => PublishAsync(context, topic, sequence, cancellationToken),
            ("POST" or "PUT", [var topic, var sequence, "clear" or "read"]) =>
                DismissAsync(context, topic, sequence, "message_clear", cancellationToken),
            ("DELETE", [var topic, var sequence]) => DismissAsync(context, topic, sequence, "message_delete", cancellationToken),
            ("GET", ["v1", "health"]) => context.Response.WriteAsync("""{"healthy":true}""", cancellationToken),
            ("GET", [var topic, "json"]) => _subscriptions.StreamAsync(context, topic, cancellationToken),
            _ => RefuseAsync(context, NtfyError.NotFound, cancellationToken),
        };
    }

    private NtfyError? FindAccessFault(HttpContext context)
    {
        if (_options.Token is null)
            return null;

        var authorization = context.Request.Headers.Authorization.ToString();
        if (authorization.Length == 0)
            return _options.IsOpen ? null : _options.IsFaultyToOthers ? NtfyError.Of(StatusCodes.Status502BadGateway) : NtfyError.Forbidden;
        return authorization == $"Bearer {_options.Token}" ? null : NtfyError.Unauthorized;
    }

    /// <summary>Without a topic in the path the body is a JSON message; with a topic it is the text.</summary>
    private async Task PublishAsync(HttpContext context, string topic, string sequence, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync(cancellationToken);
        _attempts.Add(_ => body);

        var fault = _faults.TryDequeue(out var queued) ? queued : _always;
        switch (fault)
        {
            case NtfyFault.Refused refused:
                context.Response.Headers.RetryAfter = refused.RetryAfter;
                await RefuseAsync(context, NtfyError.Of(refused.StatusCode), cancellationToken);
                return;
            case NtfyFault.OverQuota:
                await RefuseAsync(context, NtfyError.DailyQuota, cancellationToken);
                return;
            case NtfyFault.Answered answered:
                context.Response.StatusCode = answered.StatusCode;
                context.Response.Headers.Location = answered.Location;
                await context.Response.WriteAsync(answered.Body, cancellationToken);
                return;
            case NtfyFault.Aborted { Kept: false }:
                context.Abort();
                return;
            case NtfyFault.Hung hung:
                await _hung.WaitAsync(cancellationToken);
                if (hung.Then is not { } status)
                    break;
                await RefuseAsync(context, NtfyError.Of(status), cancellationToken);
                return;
        }

        var (accepted, error) = TryAccept(topic, sequence, body, context.Request.Headers.Authorization);
        if (error is not null)
            await RefuseAsync(context, error, cancellationToken);
        else if (fault is NtfyFault.Aborted)
            context.Abort();
        else
            await ReplyAsync(context, accepted!, cancellationToken);
    }

    private (Page? Accepted, NtfyError? Error) TryAccept(string topic, string sequence, string body, string? authorization)
    {
        var (page, error) = topic.Length == 0
            ? NtfyMessage.Read(body, authorization, _options.Clock.GetUtcNow(), Stopwatch.GetTimestamp())
            : (Written(topic, body, authorization) with { SequenceId = sequence }, null);
        if (topic.Length == 0 && Encoding.UTF8.GetByteCount(body) > NtfyMessage.MaximumRequestBytes)
            error = NtfyError.RequestTooLarge;
        error ??= NtfyMessage.FindFault(page!);
        return error is null ? (Accept(page!), null) : (null, error);
    }

    private Task DismissAsync(HttpContext context, string topic, string sequence, string @event, CancellationToken cancellationToken)
    {
        var page = Written(topic, "", authorization: null) with { SequenceId = sequence, Event = @event };
        return ReplyAsync(context, Accept(page), cancellationToken);
    }

    private Page Written(string topic, string text, string? authorization) => new(
        Id: "", "message", topic, SequenceId: "", Title: "", text, Priority: 3, Tags: [], Click: null,
        Actions: default, authorization, _options.Clock.GetUtcNow(), Stopwatch.GetTimestamp());

    private Page Accept(Page page)
    {
        var accepted = _pages.Add(number =>
        {
            var id = NtfyMessage.Id("m", number);
            return page with { Id = id, SequenceId = page.SequenceId.Length > 0 ? page.SequenceId : id };
        });
        _subscriptions.Wake();
        return accepted;
    }

    private static Task ReplyAsync(HttpContext context, Page page, CancellationToken cancellationToken)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(NtfyMessage.Write(page) + "\n", cancellationToken);
    }

    private static Task RefuseAsync(HttpContext context, NtfyError error, CancellationToken cancellationToken)
    {
        context.Response.StatusCode = error.Status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(error.Body + "\n", cancellationToken);
    }
}

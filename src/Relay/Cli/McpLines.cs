using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Agents.Tools;

namespace Relay.Cli;

/// <summary>Standard input and output of relay mcp, a message a line, before and behind the SDK. (1) What is no message is answered here;
/// (2) when the input ends, what was asked before is answered still, for a client may close its side first; (3) of each answer it is told
/// whether it could be written.</summary>
internal sealed class McpLines : IDisposable
{
    /// <summary>Longer than a call is held that a client without hooks makes.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(90);

    private readonly Stream _input, _output;
    private readonly Func<string, bool, Task> _answered;
    private readonly Pipe _toServer = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly SemaphoreSlim _writing = new(1);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _open = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="input">Standard input.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="answered">Called with the key of a request, and whether its answer was written.</param>
    public McpLines(Stream input, Stream output, Func<string, bool, Task> answered)
    {
        (_input, _output, _answered) = (input, output, answered);
        ToServer = _toServer.Reader.AsStream();
        FromServer = new LineStream(WriteAsync);
    }

    public Stream ToServer { get; }

    public Stream FromServer { get; }

    /// <summary>Nobody reads the output any more.</summary>
    public Task Broken => _broken.Task;

    /// <summary>Requests are told apart by this.</summary>
    public static string KeyOf(JsonElement id) => id.ValueKind == JsonValueKind.String ? "s" + id.GetString() : "n" + id.GetInt64();

    /// <summary>The same of an id as the SDK has it.</summary>
    public static string KeyOf(object? id) => id is string text ? "s" + text : $"n{id}";

    public void Dispose() => _writing.Dispose();

    /// <summary>Until the input ends, or the output.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var reader = PipeReader.Create(_input);
            for (var isOver = false; !isOver;)
            {
                var read = await reader.ReadAsync(cancellationToken);
                var rest = read.Buffer;
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    await TakeAsync(rest.Slice(0, end).ToArray(), cancellationToken);
                    rest = rest.Slice(rest.GetPosition(1, end));
                }
                isOver = read.IsCompleted;
                if (isOver)
                    await TakeAsync(rest.ToArray(), cancellationToken);
                else
                    reader.AdvanceTo(rest.Start, rest.End);
            }
            await ((Task)Task.WhenAny(Task.WhenAll(_open.Values.Select(each => each.Task)), Broken)) // (2)
                .WaitAsync(LongestEnd, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            await _toServer.Writer.CompleteAsync();
        }
    }

    private async Task TakeAsync(byte[] line, CancellationToken cancellationToken)
    {
        if (line.AsSpan().Trim(" \t\r"u8).IsEmpty)
            return;
        if (McpFault.Of(line) is { } fault) // (1)
        {
            if (fault.Answer is { } answer)
                await WriteAsync([.. JsonSerializer.SerializeToUtf8Bytes(answer), (byte)'\n']);
            return;
        }
        Note(line);
        await _toServer.Writer.WriteAsync(line, cancellationToken);
        await _toServer.Writer.WriteAsync("\n"u8.ToArray(), cancellationToken);
    }

    private void Note(byte[] line)
    {
        using var message = JsonDocument.Parse(line);
        var root = message.RootElement;
        if (!root.TryGetProperty("method", out var method))
            return;
        if (McpFault.IdOf(root) is { } id)
            _open[KeyOf(id)] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        else if (method.ValueEquals("notifications/cancelled") && root.TryGetProperty("params", out var given)
            && given.ValueKind == JsonValueKind.Object && McpFault.IdOf(given, "requestId") is { } cancelled)
            End(KeyOf(cancelled), isWritten: false); // It gets no answer.
    }

    /// <summary>Whole lines.</summary>
    private async Task WriteAsync(byte[] lines)
    {
        await _writing.WaitAsync();
        var isWritten = false;
        try
        {
            _output.Write(lines);
            _output.Flush();
            isWritten = true;
        }
        catch (IOException)
        {
            _broken.TrySetResult();
            throw;
        }
        finally
        {
            _writing.Release();
            foreach (var key in Answered(lines))
                End(key, isWritten); // (3)
        }
    }

    private void End(string key, bool isWritten)
    {
        if (_open.TryRemove(key, out var open))
            _ = EndAsync(key, isWritten, open);
    }

    private async Task EndAsync(string key, bool isWritten, TaskCompletionSource open)
    {
        await _answered(key, isWritten).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        open.TrySetResult();
    }

    private static List<string> Answered(byte[] lines)
    {
        var keys = new List<string>();
        foreach (var range in lines.AsSpan().Split((byte)'\n'))
            if (lines.AsSpan(range) is { IsEmpty: false } line && JsonNode.Parse(line) is JsonObject answer && !answer.ContainsKey("method")
                && answer["id"] is { } id)
                keys.Add(KeyOf(id.GetValue<JsonElement>()));
        return keys;
    }

    /// <summary>Hands on whole lines.</summary>
    private sealed class LineStream(Func<byte[], Task> write) : Stream
    {
        private readonly MemoryStream _line = new();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _line.Write(buffer.Span);
            if (buffer.Span.IndexOf((byte)'\n') < 0)
                return;
            var lines = _line.ToArray();
            _line.SetLength(0);
            await write(lines);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Write(byte[] buffer, int offset, int count) =>
            WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}

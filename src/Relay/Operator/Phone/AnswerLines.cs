using System.Globalization;
using System.Runtime.CompilerServices;
using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Operator.Phone;

/// <summary>Reads the answer topic on from where it was read before.</summary>
internal sealed class AnswerLines(Database database, NtfyTopicReader reader, SettingsSource settings)
{
    /// <summary>A server sends what it kept beside what comes in, so of messages of one moment a later one may come first. How far the
    /// topic was read is remembered when no earlier one can be on its way any more.</summary>
    private static readonly TimeSpan InOrder = TimeSpan.FromSeconds(10);

    /// <summary>Before the relay saw a topic nobody was asked on it; with the whole seconds of the server, and a moment.</summary>
    private static readonly TimeSpan BeforeSeen = TimeSpan.FromSeconds(10);

    private readonly long _startedAt = database.Clock.GetTimestamp();
    private (string Id, long At)? _read;

    public TimeProvider Clock => database.Clock;

    /// <param name="topic">Which.</param>
    /// <param name="poll">Only what is there.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<NtfyLine> ReadAsync(string topic, bool poll, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var since = await SinceAsync(topic, cancellationToken);
        await foreach (var line in reader.ReadAsync(topic, since, poll, cancellationToken))
        {
            yield return line;
            if (line.IsMessage) // It is dealt with now.
                _read ??= (line.Id, database.Clock.GetTimestamp());
            await RememberAsync(cancellationToken);
        }
    }

    private async Task RememberAsync(CancellationToken cancellationToken)
    {
        if (_read is not { } read || database.Clock.GetElapsedTime(read.At) < InOrder)
            return;
        await database.WriteAsync(writing => PhoneInbox.SetSinceAsync(writing, read.Id, cancellationToken), cancellationToken);
        _read = null;
    }

    /// <summary>Where it was read up to. Of a topic that is new to the relay from when it came to know it, by the server's clock; also over
    /// a stop before the first message.</summary>
    private async Task<string> SinceAsync(string topic, CancellationToken cancellationToken)
    {
        var of = settings.Current.Secrets.Derived($"followed\n{settings.Current.Secrets.NtfyServer}\n{topic}")[..16];
        var (known, since) = await database.ReadAsync(
            async reading => (
                await PhoneInbox.OfAsync(reading, cancellationToken), await PhoneInbox.SinceAsync(reading, cancellationToken)),
            cancellationToken);
        if (since is not null && known == of)
            return since;
        _read = null;
        if (since is null || known is not null) // An older relay did not say of which topic.
        {
            var ago = since is null ? database.Clock.GetElapsedTime(_startedAt) + BeforeSeen : BeforeSeen;
            var now = await reader.TimeAsync(topic, cancellationToken) ?? database.Clock.GetUtcNow();
            since = (now - ago).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        }
        await database.WriteAsync(
            async writing =>
            {
                await PhoneInbox.SetSinceAsync(writing, since, cancellationToken);
                await PhoneInbox.SetOfAsync(writing, of, cancellationToken);
            },
            cancellationToken);
        return since;
    }
}

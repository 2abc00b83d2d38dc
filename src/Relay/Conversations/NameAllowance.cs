using System.Globalization;
using Relay.Storage;

namespace Relay.Conversations;

/// <summary>How many session names one source may make in an hour: each stands in lists and in what the advisor is told, and one source
/// could make as many as it likes. A source is a connection: the operator, and those who write
/// into the queue folder as the same user, are bound by nothing. It counts by what is in the database, so it holds over restarts. Names of
/// the configuration and names that are known are free.</summary>
internal static class NameAllowance
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    /// <summary>Lets a session in, as <paramref name="admit"/> does it, and notes who made its name if it is new.</summary>
    /// <returns>Null, or how long it takes until the source may make another name; then nothing was done.</returns>
    public static async Task<TimeSpan?> AdmitAsync(
        Writing writing, SessionDirectory directory, NewName name, Func<Task> admit, CancellationToken cancellationToken)
    {
        if (name.Source is not { } source
            || directory.IsListed(name.Session)
            || await SessionStore.FindAsync(writing, name.Session, cancellationToken) is not null)
        {
            await admit();
            return null;
        }
        if (await WaitAsync(writing, directory, source, cancellationToken) is { } wait)
            return wait;
        await admit();
        await SessionStore.MadeByAsync(writing, name.Session, source, cancellationToken);
        return null;
    }

    /// <summary>How long it takes until the source may make another name; null when it may now.</summary>
    public static async Task<TimeSpan?> WaitAsync(
        Reading reading, SessionDirectory directory, string source, CancellationToken cancellationToken)
    {
        var most = directory.NewNamesPerHour;
        var (count, oldest) = await SessionStore.MadeSinceAsync(reading, source, reading.Now - Period, cancellationToken);
        return count < most || oldest is not { } first ? null : first + Period - reading.Now;
    }

    /// <summary>For the one who made one too many.</summary>
    public static string Reason(SessionDirectory directory, NewName name) =>
        $"session \"{name.Session}\" is new: {TooMany(directory)}";

    public static string TooMany(SessionDirectory directory) => string.Create(
        CultureInfo.InvariantCulture,
        $"{directory.NewNamesPerHour} new session names were made from here within the last hour (agents.new_names_per_hour); "
        + $"use a name that is known, list it in config.yaml, or wait");
}

/// <summary>A session, and where its name comes from; null where it is bound by nothing.</summary>
internal readonly record struct NewName(SessionId Session, string? Source);

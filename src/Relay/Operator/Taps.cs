using System.Globalization;
using System.Text.Json;
using Relay.Conversations;
using Relay.Operator.Rulings;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>An answer given by a tap, which can be taken back until it is sent on.</summary>
internal sealed record Tap(long Question, string Text, string? Digest, string Via, DateTimeOffset At)
{
    public static readonly TimeSpan Held = TimeSpan.FromSeconds(5);

    /// <summary>For what the answer holds, where that was said.</summary>
    public RulingScope? Scope { get; init; }

    public DateTimeOffset DueAt => At + Held;

    /// <summary>It says the same, at whatever time.</summary>
    public bool IsSame(Tap other) => this with { At = other.At } == other;

    /// <summary>Of the words, when they are sent on: a second sending of the same tap is the same words.</summary>
    public OperatorInput ToInput()
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"tap:{Question}:{At.ToUnixTimeMilliseconds()}");
        return new OperatorInput(Text, Question, Via, key, UnaskedWelcome: false) { Digest = Digest, Scope = Scope };
    }
}

/// <summary>A tap that was not taken in the end: somebody else was first, or the question is gone.</summary>
internal sealed record LostTap(long Question, string Text, string Reason, DateTimeOffset At);

/// <summary>Keeps taps until they are sent on, and those that were not taken until the operator has seen it. They survive a
/// restart.</summary>
internal static class Taps
{
    private const string Waiting = "tap:", Lost = "lost_tap:";

    /// <summary>False when another tap on the question waits already.</summary>
    public static async Task<bool> HoldAsync(Writing writing, Tap tap, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Questions, QuestionStore.Key(tap.Question));
        var name = Waiting + QuestionStore.Key(tap.Question);
        return await FactStore.AddAsync(writing, name, JsonSerializer.Serialize(tap), cancellationToken);
    }

    /// <summary>Takes it back. False when it was sent on, or there was none.</summary>
    public static async Task<bool> UndoAsync(Writing writing, long question, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Questions, QuestionStore.Key(question));
        return await FactStore.RemoveAsync(writing, Waiting + QuestionStore.Key(question), cancellationToken);
    }

    /// <summary>Whether the question is answered as soon as it can no longer be taken back.</summary>
    public static async Task<bool> IsHeldAsync(Reading reading, long question, CancellationToken cancellationToken) =>
        await FactStore.FindAsync(reading, Waiting + QuestionStore.Key(question), cancellationToken) is not null;

    public static async Task<List<Tap>> WaitingAsync(Reading reading, CancellationToken cancellationToken) =>
        (await FactStore.ListAsync(reading, Waiting, cancellationToken)).ConvertAll(fact => JsonSerializer.Deserialize<Tap>(fact.Value)!);

    public static async Task<List<LostTap>> LostAsync(Reading reading, CancellationToken cancellationToken) =>
        (await FactStore.ListAsync(reading, Lost, cancellationToken)).ConvertAll(fact => JsonSerializer.Deserialize<LostTap>(fact.Value)!);

    public static Task LoseAsync(Writing writing, Tap tap, string reason, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Questions, QuestionStore.Key(tap.Question));
        var lost = JsonSerializer.Serialize(new LostTap(tap.Question, tap.Text, reason, writing.Now));
        return FactStore.SetAsync(writing, Lost + QuestionStore.Key(tap.Question), lost, cancellationToken);
    }

    /// <summary>The operator has seen that it was not taken.</summary>
    public static Task SeenAsync(Writing writing, long question, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Questions, QuestionStore.Key(question));
        return FactStore.RemoveAsync(writing, Lost + QuestionStore.Key(question), cancellationToken);
    }
}

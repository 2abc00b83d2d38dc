namespace Relay.Tests.Testing;

/// <summary>How much something allocates. The runtime counts for the whole process, and other tests run beside this one: so it is done
/// again, some times, until they left enough.</summary>
internal static class Allocated
{
    private const int Tries = 8;

    /// <returns>The least of the tries, in bytes.</returns>
    public static async Task<long> ByAsync(Func<Task> act, long atMost)
    {
        var least = long.MaxValue;
        for (var tried = 0; tried < Tries && least > atMost; tried++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await act();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        return least;
    }
}

using Relay.Storage;

namespace Relay.Tests.Storage.Plans;

/// <summary>How PostgreSQL goes about the statements of the program, whatever the parameters are.</summary>
internal static class PostgresPlans
{
    /// <summary>Parameters whose type the text alone does not tell; the program sends it.</summary>
    private static readonly Dictionary<string, string> Types = new() { ["@reserved"] = "bigint" };

    public static Task<List<(string Text, string Plan)>> ReadAsync(
        Database database, IEnumerable<string> texts, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            await writing.Sql("SET LOCAL plan_cache_mode = force_generic_plan").ExecuteAsync(cancellationToken);
            var plans = new List<(string Text, string Plan)>();
            foreach (var text in texts)
                plans.Add((text, await PlanAsync(writing, text, cancellationToken)));
            return plans;
        },
        cancellationToken);

    private static async Task<string> PlanAsync(Writing writing, string text, CancellationToken cancellationToken)
    {
        var names = SqlNames.In(text).ToList();
        var numbered = SqlNames.Replace(
            text, name => $"${names.IndexOf(name) + 1}{(Types.TryGetValue(name, out var type) ? "::" + type : "")}");
        await writing.Sql($"PREPARE explained AS {numbered}").ExecuteAsync(cancellationToken);
        var values = names.Count == 0 ? "" : $"({string.Join(", ", names.Select(_ => "NULL"))})";
        var lines = await writing.Sql("EXPLAIN EXECUTE explained" + values).ListAsync(row => row.Text(), cancellationToken);
        await writing.Sql("DEALLOCATE explained").ExecuteAsync(cancellationToken);
        return string.Join('\n', lines);
    }
}

using Relay.Operator.Pages;
using Relay.Operator.Phone;

namespace Relay.Tests.Storage.Plans;

internal sealed partial class WorkingDay
{
    /// <summary>A question is paged, put off, paged again and answered, all from the phone.</summary>
    private async Task AnswerByPhoneAsync()
    {
        await HearAsync("relay:forged");
        relay.Advisor.Reply("[NEEDS-JC] From the phone?");
        await relay.AcceptAsync("s16", "What is answered from the phone");
        await relay.TakeTurnsAsync();
        await relay.RunAsync<Pager>();
        var question = (await relay.OpenQuestionsAsync()).Last().Id;
        await HearAsync($"#{question} later 1h");
        relay.Clock.Advance(TimeSpan.FromHours(2));
        await relay.RunAsync<Following>();
        await relay.RunAsync<Pager>();
        await SecondAsync();
        await HearAsync($"#{question} from the phone");
        await relay.RunAsync<Following>();
        await relay.PassAsync();
        relay.Consume("s16");
        await relay.RunAsync<Following>();
    }

    private async Task SecondAsync()
    {
        var config = await File.ReadAllTextAsync(relay.Home.ConfigFile, CancellationToken);
        await relay.ConfigureAsync($$"""
            {{config}}
            second_ways: [{ntfy: "{{ntfy.Address}}second"}, {webhook: "http://127.0.0.1:9/"}]
            digest: "00:00"

            """);
        await relay.RunAsync<Digest>();
        relay.Clock.Advance(TimeSpan.FromMinutes(31));
        await relay.RunAsync<Following>();
        relay.Clock.Advance(TimeSpan.FromMinutes(31));
        await relay.RunAsync<Following>();
        await relay.RunAsync<Pager>();
        await relay.RunAsync<SecondPager>();
        await relay.ConfigureAsync(config);
        relay.Clock.Advance(TimeSpan.FromMinutes(31));
        await relay.RunAsync<SecondPager>();
    }

    private async Task HearAsync(string words)
    {
        await relay.Get<AnswerTopic>().FollowAsync(poll: true, CancellationToken);
        ntfy.Say(relay.Settings.Current.Secrets.NtfyAnswerTopic, words);
        await relay.Get<AnswerTopic>().FollowAsync(poll: true, CancellationToken);
    }
}

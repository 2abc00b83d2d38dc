using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Asked;
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
        await BurstAsync();
    }

    /// <summary>Five permissions at once are one page, and are answered.</summary>
    private async Task BurstAsync()
    {
        var token = relay.Settings.Current.Config.Operator.Token;
        var open = new List<Question>();
        for (var number = 0; number < 5; number++)
            await relay.WriteAsync(async writing =>
            {
                var session = SessionId.Stored("s16");
                var asked = new NewQuestion(SessionDirectory.Default, Message: null, session, QuestionKind.Permission, $"make {number}")
                {
                    Asked = new ClientAsk.Permission("Bash", Input: null, []),
                };
                var question = await QuestionStore.OpenAsync(writing, asked, CancellationToken);
                await PageStore.QueueAsync(writing, AskedPage.Of(question, token), CancellationToken);
                open.Add(question);
            });
        await relay.RunAsync<Pager>();
        foreach (var question in open)
        {
            await relay.AnswerAsync("deny", question.Id);
            await relay.RunAsync<Following>();
        }
        await relay.RunAsync<Pager>();
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

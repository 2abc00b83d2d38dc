using ModelContextProtocol.AspNetCore;
using Relay.Advisor;
using Relay.Advisor.Anthropic;
using Relay.Agents;
using Relay.Agents.Hooks;
using Relay.Agents.Tools;
using Relay.Agents.Waking;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Dispatch;
using Relay.Http;
using Relay.Intake;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Relay.Running;
using Relay.Storage;
using Relay.Telemetry;
using Relay.Turns;
using Relay.Web.Api;
using Relay.Web.Dashboard;
using Relay.Web.Status;
using Relay.Web.Watching;

namespace Relay;

/// <summary>Lists the parts of the program, in the order in which a message passes through them.</summary>
internal static class RelayHost
{
    public static WebApplication Build(
        SettingsSource settings, Database database, ChangeFeed changes, Action<WebApplicationBuilder> adjust)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = settings.Current.Home.Root });
        builder.Services
            .AddSingleton(settings).AddSingleton(database).AddSingleton(changes).AddSingleton(database.Clock)
            .AddSingleton<Faults>()
            .AddSingleton<ClockSteps>()
            .AddSingleton(MemoryRoom.OfProcess())
            .AddHostedService<LoopRunner>()
            .AddSingleton(_ => new ConnectionBook(settings.Current.Home, database.Clock))
            .AddSingleton(_ => new ConnectionUses(settings.Current.Home, database.Clock))
            .AddSingleton<Credentials>()
            .AddLoop<ConnectionWatch>()
            .AddLoop<SettingsWatch>()
            .AddLoop<DatabaseWatch>()
            .AddConversations()
            .AddIntake()
            .AddCosts()
            .AddAdvisor(settings.Current.Config.Advisor)
            .AddTurns()
            .AddDispatch()
            .AddOperator()
            .AddAgents()
            .AddWeb()
            .AddDashboard();
        // A stop must end within 5 s, including the MCP calls that are answered before. So everything stops at the same time.
        builder.Services.Configure<HostOptions>(options =>
        {
            options.ShutdownTimeout = TimeSpan.FromSeconds(3.5);
            options.ServicesStopConcurrently = true;
        });
        builder.ListenOn(settings.Current, database.Clock);
        adjust(builder);
        builder.AddRelayLogging(settings.Current.Home);
        var host = builder.Build();
        host.MapRelay();
        host.MapDashboard();
        return host;
    }

    private static IServiceCollection AddConversations(this IServiceCollection services) => services
        .AddSingleton<SessionDirectory>()
        .AddSingleton<ContextWindows>()
        .AddLoop<Indexing>()
        .AddLoop<HomeMemory>();

    private static IServiceCollection AddIntake(this IServiceCollection services) => services
        .AddSingleton<Inbox>()
        .AddSingleton<HistoryImport>()
        .AddLoop<QueueFolder>();

    private static IServiceCollection AddCosts(this IServiceCollection services) => services
        .AddSingleton(provider => PriceTable.Load(provider.GetRequiredService<SettingsSource>().Current.Home.PricesFile))
        .AddSingleton<Budget>()
        .AddSingleton<Pricing>()
        .AddSingleton<CallHistory>();

    private static IServiceCollection AddAdvisor(this IServiceCollection services, AdvisorKind kind)
    {
        _ = kind == AdvisorKind.Simulated
            ? services.AddSingleton<IAdvisor, SimulatedAdvisor>()
            : services.AddSingleton(new AdvisorTimeouts()).AddSingleton<IAdvisor, AnthropicAdvisor>();
        return services.AddSingleton<CallBuilder>().AddLoop<KeyWatch>();
    }

    private static IServiceCollection AddTurns(this IServiceCollection services) => services
        .AddSingleton<TurnStart>()
        .AddSingleton<CarriedWatch>()
        .AddSingleton<Replies>()
        .AddSingleton<BudgetWaits>()
        .AddSingleton<PaidCalls>()
        .AddSingleton<Recording>()
        .AddSingleton<TurnEnd>()
        .AddSingleton<TurnTransactions>()
        .AddSingleton<SummaryTransactions>()
        .AddSingleton<Summariser>()
        .AddSingleton<TurnRunner>()
        .AddSingleton<Recovery>()
        .AddLoop<AdvisorLoop>()
        .AddLoop<ClockWatch>();

    private static IServiceCollection AddDispatch(this IServiceCollection services) => services
        .AddSingleton<FolderChannel>()
        .AddSingleton<CallerChannel>()
        .AddSingleton<Handover>()
        .AddSingleton<AwaitedReceipts>()
        .AddLoop<Dispatcher>();

    private static IServiceCollection AddOperator(this IServiceCollection services) => services
        .AddSingleton<DirectWords>()
        .AddSingleton<Answers>()
        .AddSingleton<RulingDesk>()
        .AddSingleton<Overturning>()
        .AddSingleton<OwnWords>()
        .AddLoop<TapSender>()
        .AddSingleton<Holds>()
        .AddSingleton<Pauses>()
        .AddSingleton<TodaysCap>()
        .AddSingleton(_ => NtfyClient.NewHttp())
        .AddSingleton<NtfyClient>()
        .AddSingleton<NtfyTopicReader>()
        .AddSingleton<TopicProtection>()
        .AddPhone()
        .AddLoop<Pager>()
        .AddSingleton(provider => provider.GetRequiredService<Pager>().Perhaps)
        .AddLoop<StuckWatch>()
        .AddLoop<OperatorFile>()
        .AddLoop<Rejections>()
        .AddLoop<HoldRelease>()
        .AddLoop<HoldRetry>()
        .AddLoop<StateWatch>()
        .AddSingleton<Unheard>()
        .AddLoop<Defaults>()
        .AddLoop<RulingsWatch>();

    private static IServiceCollection AddPhone(this IServiceCollection services) => services
        .AddSingleton<QuestionButtons>()
        .AddSingleton<PageDressing>(provider => provider.GetRequiredService<QuestionButtons>().DressAsync)
        .AddSingleton<PhoneWords>()
        .AddSingleton<PuttingOff>()
        .AddSingleton<AnswerLines>()
        .AddSingleton<PhoneAnswers>()
        .AddSingleton<Hearing>()
        .AddLoop<AnswerTopic>()
        .AddSingleton<SecondWays>()
        .AddLoop<SecondPager>()
        .AddLoop<Digest>()
        .AddLoop<MovedPages>()
        .AddLoop<Following>();

    private static IServiceCollection AddAgents(this IServiceCollection services)
    {
        services.AddMcpServer(options => options.ServerInfo = new() { Name = "relay", Version = ProgramVersion.Text })
            .WithHttpTransport(options =>
            {
                options.SessionMode = HttpServerSessionMode.StatefulForInitializeClients;
#pragma warning disable MCP9006 // Clients that make the handshake of the older protocol have a session, and each holds memory.
                options.MaxIdleSessionCount = 1_000; // Of all connections together; one alone has fewer, see McpSessions.
#pragma warning restore MCP9006
            })
            .WithTools<AdvisorTools>()
            .WithTools<StatusTool>()
            .WithRequestFilters(filters => filters.AddCallToolFilter(call => (request, cancellationToken) =>
                request.Services!.GetRequiredService<CallCheck>().Before(call)(request, cancellationToken)));
        return services
            .AddHttpContextAccessor()
            .AddSingleton<AgentCaller>()
            .AddSingleton<Rounds>()
            .AddSingleton<AgentIntake>()
            .AddSingleton<AgentReplies>()
            .AddSingleton<AgentWaiters>()
            .AddSingleton<ReplyWait>()
            .AddSingleton<CallWait>()
            .AddSingleton<AdvisorTools>()
            .AddSingleton<StatusTool>()
            .AddSingleton<McpCalls>()
            .AddSingleton<McpSessions>()
            .AddSingleton<McpBody>()
            .AddSingleton<CallCheck>()
            .AddHooks()
            .AddWaking();
    }

    private static IServiceCollection AddHooks(this IServiceCollection services) => services
        .AddSingleton<BackgroundWork>()
        .AddSingleton<StopBounds>()
        .AddSingleton<StopRelay>()
        .AddSingleton<StopHook>()
        .AddSingleton<ClientWaits>()
        .AddSingleton<PermissionQuestions>()
        .AddSingleton<TerminalAnswers>()
        .AddSingleton<PermissionRules>()
        .AddSingleton<SecondOpinion>()
        .AddSingleton<PermissionHook>()
        .AddSingleton<Signs>()
        .AddSingleton<HookTraces>()
        .AddSingleton<HookAnswers>()
        .AddSingleton<HookBody>()
        .AddSingleton<HookEndpoint>();

    private static IServiceCollection AddWaking(this IServiceCollection services) => services
        .AddSingleton<WaiterRegistration>()
        .AddSingleton<WaiterEndpoint>()
        .AddSingleton<ChannelEndpoint>()
        .AddSingleton<AgentTokens>()
        .AddLoop<WakeLoop>()
        .AddLoop<Departures>();

    private static IServiceCollection AddWeb(this IServiceCollection services) => services
        .AddSingleton<StatusReader>()
        .AddSingleton<Health>()
        .AddSingleton<HealthValue>()
        .AddSingleton<Asking>()
        .AddSingleton<Receipts>()
        .AddSingleton<Saying>()
        .AddSingleton<DatabaseWait>()
        .AddWatching()
        .AddLoop<HealthWatch>()
        .AddLoop<StatusMirror>();

    private static IServiceCollection AddLoop<T>(this IServiceCollection services)
        where T : class, ILoop => services
        .AddSingleton<T>()
        .AddSingleton<ILoop>(provider => provider.GetRequiredService<T>());
}

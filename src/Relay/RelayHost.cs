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
using Relay.Running;
using Relay.Storage;
using Relay.Telemetry;
using Relay.Turns;
using Relay.Web.Api;
using Relay.Web.Status;

namespace Relay;

/// <summary>The map of the program: what it is made of, in the order in which a message flows through.</summary>
internal static class RelayHost
{
    public static WebApplication Build(SettingsSource settings, Database database, Action<WebApplicationBuilder> adjust)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = settings.Current.Home.Root });
        builder.Services.AddSingleton(settings).AddSingleton(database).AddSingleton(TimeProvider.System).AddSingleton<Signals>().AddSingleton<Faults>();
        builder.Services
            .AddConversations()
            .AddIntake()
            .AddAdvisor(settings.Current.Config.Advisor)
            .AddDispatch()
            .AddOperator()
            .AddAgents()
            .AddWeb();
        // All of it within 5 s of a SIGTERM, MCP calls answered before included: a held request must not keep the others from ending.
        builder.Services.Configure<HostOptions>(options =>
        {
            options.ShutdownTimeout = TimeSpan.FromSeconds(3.5);
            options.ServicesStopConcurrently = true;
        });
        builder.ListenOn(settings.Current.Config.Listen);
        adjust(builder);
        builder.AddRelayLogging(settings.Current.Home);
        var host = builder.Build();
        host.MapRelay();
        return host;
    }

    private static IServiceCollection AddConversations(this IServiceCollection services) => services
        .AddSingleton<SessionDirectory>()
        .AddSingleton<SessionStore>()
        .AddSingleton<MessageStore>()
        .AddSingleton<Journal>();

    private static IServiceCollection AddIntake(this IServiceCollection services) => services
        .AddSingleton<Inbox>()
        .AddSingleton<HistoryImport>()
        .AddHostedService<QueueFolder>();

    private static IServiceCollection AddAdvisor(this IServiceCollection services, AdvisorKind kind)
    {
        _ = kind == AdvisorKind.Simulated
            ? services.AddSingleton<IAdvisor, SimulatedAdvisor>()
            : services.AddSingleton(new AdvisorTimeouts()).AddSingleton<IAdvisor, AnthropicAdvisor>();
        return services
            .AddSingleton(provider => PriceTable.Load(provider.GetRequiredService<SettingsSource>().Current.Home.PricesFile))
            .AddSingleton<Ledger>()
            .AddSingleton<Budget>()
            .AddSingleton<CallBuilder>()
            .AddSingleton<HoldPages>()
            .AddSingleton<TurnStart>()
            .AddSingleton<TurnStores>()
            .AddSingleton<TurnEnd>()
            .AddSingleton<Summariser>()
            .AddSingleton<Recovery>()
            .AddHostedService<AdvisorLoop>()
            .AddHostedService<SettingsWatch>();
    }

    private static IServiceCollection AddDispatch(this IServiceCollection services) => services
        .AddSingleton<Outbox>()
        .AddSingleton<CallerChannel>()
        .AddHostedService<Dispatcher>();

    private static IServiceCollection AddOperator(this IServiceCollection services) => services
        .AddSingleton<QuestionStore>()
        .AddSingleton<PageStore>()
        .AddSingleton<OperatorStores>()
        .AddSingleton<Answers>()
        .AddSingleton(_ => new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(10) }) { Timeout = Timeout.InfiniteTimeSpan })
        .AddSingleton<NtfyClient>()
        .AddHostedService<Pager>()
        .AddHostedService<StuckWatch>()
        .AddHostedService<OperatorFile>();

    private static IServiceCollection AddAgents(this IServiceCollection services)
    {
        services.AddMcpServer(options => options.ServerInfo = new() { Name = "relay", Version = ProgramVersion.Text })
            .WithHttpTransport(options => options.SessionMode = HttpServerSessionMode.StatefulForInitializeClients)
            .WithTools<AdvisorTools>();
        return services
            .AddHttpContextAccessor()
            .AddSingleton<AgentStore>()
            .AddSingleton<AgentCaller>()
            .AddSingleton<AgentIntake>()
            .AddSingleton<AgentReplies>()
            .AddSingleton<AgentWaiters>()
            .AddSingleton<Handover>()
            .AddSingleton<ReplyWait>()
            .AddSingleton<AdvisorTools>()
            .AddSingleton<McpCalls>()
            .AddSingleton<StopHook>()
            .AddSingleton<PermissionHook>()
            .AddSingleton<HookEndpoint>()
            .AddSingleton<WaiterEndpoint>()
            .AddSingleton<ChannelEndpoint>()
            .AddSingleton<WakeStories>()
            .AddHostedService<WakeLoop>();
    }

    private static IServiceCollection AddWeb(this IServiceCollection services) => services
        .AddSingleton<StatusReader>()
        .AddSingleton<Health>()
        .AddSingleton<Asking>()
        .AddHostedService<StatusMirror>();
}

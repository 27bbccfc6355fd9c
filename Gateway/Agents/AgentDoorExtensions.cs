using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using RPort.Gateway.Agents.Admission;
using RPort.Gateway.Agents.Credentials;
using RPort.Gateway.Agents.Sessions;
using RPort.Gateway.Listeners;
using RPort.Gateway.Status;
using RPort.Silo.Configuration;

namespace RPort.Gateway.Agents;

/// <summary>Puts the agent side into the gateway.</summary>
internal static class AgentDoorExtensions
{
    /// <summary>The services of the agent side. Needs tunnels, <c>ClientAddress</c>, <c>IPayloadStore</c>, <c>TimeProvider</c> and a grain factory.</summary>
    public static IServiceCollection AddAgentDoor(this IServiceCollection services)
    {
        services.AddCheckedOptions<AgentDoorOptions>(AgentDoorOptions.Section);
        services.AddCheckedOptions<AgentSessionOptions>(AgentSessionOptions.Section);
        services.AddSingleton<AgentCredentialStore>();
        services.AddHostedService(static provider => provider.GetRequiredService<AgentCredentialStore>());
        services.AddSingleton<HostKeyStore>();
        services.AddSingleton<IHostIdentity>(static provider => provider.GetRequiredService<HostKeyStore>());
        services.AddSingleton<AgentLoginGate>();
        services.AddSingleton<HandshakeAdmission>();
        services.AddSingleton<HandshakeThreads>();
        services.AddSingleton<AgentMetrics>();
        services.AddSingleton<SessionEnvironment>();
        services.AddSingleton<SessionTable>();
        services.AddSingleton<AgentDoor>();
        services.AddHostedService<SessionDrain>();
        services.AddOptions<HostOptions>().Configure<IOptions<AgentDoorOptions>>(static (host, door) => host.ShutdownTimeout += door.Value.DrainTime);
        services.Replace(ServiceDescriptor.Singleton<IMemoryPoolFactory<byte>, LargeBlockPoolFactory>());
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<AgentDoorOptions>>(
            static (kestrel, door) => kestrel.Limits.RequestHeadersTimeout = door.Value.RequestHeaderTimeout);
        return services;
    }

    /// <summary>Has new connections of this end point begin on the handshakes' threads. The first of its middleware.</summary>
    public static void BeginOnHandshakeThreads(this ListenOptions listen)
    {
        HandshakeThreads threads = listen.ApplicationServices.GetRequiredService<HandshakeThreads>();
        listen.Use(next => connection => threads.BeginAsync(next, connection));
    }

    /// <summary>Answers everything that comes in by the agent port, and nothing else. First in the pipeline.</summary>
    public static WebApplication UseAgentDoor(this WebApplication app)
    {
        // Made now: a host key or a credential file that cannot be used stops the start with its reason.
        AgentDoor door = app.Services.GetRequiredService<AgentDoor>();
        app.MapWhen(static context => context.IsOnAgentPort(), agents =>
        {
            agents.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
            agents.Run(door.HandleAsync);
        });
        return app;
    }
}

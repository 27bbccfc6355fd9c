using RPort.Gateway.Access;
using RPort.Gateway.Agents;
using RPort.Gateway.Clients;
using RPort.Gateway.Cluster;
using RPort.Gateway.Commands;
using RPort.Gateway.Errors;
using RPort.Gateway.Files;
using RPort.Gateway.Listeners;
using RPort.Gateway.Operations;
using RPort.Gateway.Payloads;
using RPort.Gateway.Status;
using RPort.Gateway.Tunnels;
using RPort.Gateway.Tunnels.Api;
using RPort.Silo.Configuration;

namespace RPort.Gateway;

/// <summary>Puts the gateway together: the table of contents of this project.</summary>
internal static class GatewayHost
{
    private const string ApiBase = "/api/v1";

    /// <summary>The services of every feature. Throws <see cref="ConfigurationMistakeException"/> where the configuration has keys that nobody reads.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = Environments.Production });
        IConfiguration settings = new ConfigurationBuilder().AddRPortSources(args).Build();
        builder.Configuration.AddConfiguration(settings);
        builder.Services.AddCheckedOptions<DataOptions>(DataOptions.Section);
        builder.AddLogs();
        builder.WebHost.UseKestrelCore();
        builder.AddListeners();
        BoundedTransport.Add(builder.Services);
        builder.AddCluster();
        builder.Services.AddRoutingCore();
        builder.Services.AddAccess();
        builder.Services.AddAgentDoor();
        builder.Services.AddClients();
        builder.Services.AddCommands();
        builder.Services.AddPayloads();
        builder.Services.AddFiles();
        builder.Services.AddTunnels();
        builder.Services.AddTunnelApi();
        builder.Services.AddStatus();
        builder.Services.AddOperations();
        UnknownKeys.Refuse(settings, builder.Services.KnownSections());
        DataFolder.Apply(builder.Configuration, builder.Services.KnownSections());
        return builder;
    }

    /// <summary>The gateway, ready to run: what answers a request, in order.</summary>
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        WebApplication app = builder.Build();

        app.UseAgentDoor();
        app.UseMiddleware<RequestLog>();
        app.UseMiddleware<ErrorMapping>();
        app.UseMiddleware<StartGate>();
        app.UseRouting();
        app.UseWebSockets();
        app.UseAccess();

        RouteGroupBuilder api = app.MapGroup(ApiBase);
        api.MapAccess();
        api.MapStatus();
        api.MapClients();
        api.MapCommands();
        api.MapFiles();
        api.MapTunnels();
        app.MapOperations();
        return app;
    }
}

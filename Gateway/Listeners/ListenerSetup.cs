using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using RPort.Gateway.Agents;
using RPort.Silo.Configuration;

namespace RPort.Gateway.Listeners;

/// <summary>Opens the agent port and the API port.</summary>
internal static class ListenerSetup
{
    public static void AddListeners(this WebApplicationBuilder builder)
    {
        builder.Services.AddCheckedOptions<AgentListenerOptions>(AgentListenerOptions.Section);
        builder.Services.AddCheckedOptions<ApiListenerOptions>(ApiListenerOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<AgentListenerOptions>, ListenerValidation>();
        builder.Services.AddSingleton<IValidateOptions<ApiListenerOptions>, ListenerValidation>();
        builder.Services.AddSingleton<IConnectionListenerFactory, AgentTransport>();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            AgentListenerOptions agents = kestrel.ApplicationServices.GetRequiredService<IOptions<AgentListenerOptions>>().Value;
            ApiListenerOptions api = kestrel.ApplicationServices.GetRequiredService<IOptions<ApiListenerOptions>>().Value;
            Listen(kestrel, ListenerKind.Agents, agents.Address, agents.CertificateFile, agents.KeyFile);
            Listen(kestrel, ListenerKind.Api, api.Address, api.CertificateFile, api.KeyFile);
        });
    }

    private static void Listen(KestrelServerOptions kestrel, ListenerKind kind, string address, string certificateFile, string keyFile)
    {
        if (!ListenerValidation.TryParseEndPoint(address, out IPEndPoint endPoint))
        {
            throw new InvalidOperationException($"{address} is no end point."); // validation has refused it before
        }

        kestrel.Listen(kind == ListenerKind.Agents ? new AgentEndPoint(endPoint) : endPoint, listen =>
        {
            listen.Protocols = kind == ListenerKind.Api && certificateFile.Length > 0 ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;
            listen.Mark(kind);
            if (kind == ListenerKind.Agents)
            {
                listen.BeginOnHandshakeThreads();
            }

            if (certificateFile.Length > 0)
            {
                listen.UseHttps(TlsCertificate.Read(certificateFile, keyFile));
            }
        });
    }
}

using System.Net;
using Yarp.ReverseProxy.Forwarder;

namespace RPort.Gateway.Tunnels.Live.Http;

/// <summary>A request as the target sees it: what the caller says of forwarding is dropped, and what is known of the caller is put in its place.</summary>
/// <param name="hostHeader">The Host header; empty for the target's own name.</param>
/// <param name="hidesLogin">Whether the Authorization header was meant for the gateway.</param>
internal sealed class ProxiedRequest(string hostHeader, bool hidesLogin) : HttpTransformer
{
    private static readonly string[] Claims = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Real-IP"];

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        foreach (string claim in Claims)
        {
            proxyRequest.Headers.Remove(claim);
        }

        IPAddress? caller = httpContext.Connection.RemoteIpAddress;
        proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-For", (caller is { IsIPv4MappedToIPv6: true } ? caller.MapToIPv4() : caller)?.ToString());
        proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-Proto", httpContext.Request.Scheme);
        proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-Host", httpContext.Request.Host.Value);
        proxyRequest.Headers.Host = hostHeader.Length > 0 ? hostHeader : null;
        if (hidesLogin)
        {
            proxyRequest.Headers.Authorization = null;
        }
    }
}

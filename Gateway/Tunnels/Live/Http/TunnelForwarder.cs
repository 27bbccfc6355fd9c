using System.Net;
using System.Net.Security;
using Microsoft.Net.Http.Headers;
using RPort.Grains.Abstractions;
using RPort.Ssh;
using Yarp.ReverseProxy.Forwarder;

namespace RPort.Gateway.Tunnels.Live.Http;

/// <summary>Forwards requests to the web server at a tunnel's end. Its connections are channels to the agent; no port in between is open to anybody.</summary>
internal sealed class TunnelForwarder : IDisposable
{
    private const int MaxConnections = 256;

    private readonly IHttpForwarder _forwarder;
    private readonly TunnelTarget _target;
    private readonly TunnelGate _gate;
    private readonly TunnelEnvironment _environment;
    private readonly ProxyLogin? _login;
    private readonly ProxiedRequest _transformer;
    private readonly HttpMessageInvoker _client;
    private readonly string _destination;

    public TunnelForwarder(IServiceProvider services, TunnelTarget target, TunnelSpec spec, TunnelGate gate, TunnelEnvironment environment)
    {
        _forwarder = services.GetRequiredService<IHttpForwarder>();
        _target = target;
        _gate = gate;
        _environment = environment;
        _login = spec.AuthUser.Length > 0 ? new ProxyLogin(spec.AuthUser, spec.AuthPasswordHash, environment.Clock) : null;
        _transformer = new ProxiedRequest(spec.HostHeader, hidesLogin: _login is not null);
        bool https = spec.Scheme == Uri.UriSchemeHttps;
        _destination = $"{(https ? "https" : "http")}://{TunnelTarget.AddressOf(spec)}/";
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = MaxConnections,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            ConnectCallback = ConnectAsync,
            // Devices in the agent's network have certificates of their own making; who they are is settled by the tunnel's target.
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
        });
    }

    public async Task HandleAsync(HttpContext context)
    {
        if (_login is not null && !await _login.AdmitAsync(context))
        {
            return;
        }

        ForwarderError error = await _forwarder.SendAsync(context, _destination, _client, ForwarderRequestConfig.Empty, _transformer);
        if (error != ForwarderError.None && !context.RequestAborted.IsCancellationRequested)
        {
            string reason = context.GetForwarderErrorFeature()?.Exception?.GetBaseException().Message ?? error.ToString();
            _gate.LastFailure = reason;
            if (!context.Response.HasStarted)
            {
                context.Response.Headers[HeaderNames.ContentType] = "text/plain; charset=utf-8";
                await context.Response.WriteAsync($"The target of this tunnel could not be reached: {reason}\n", context.RequestAborted);
            }
        }
    }

    public void Dispose() => _client.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(_environment.Options.ConnectTimeout, _environment.Clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        SshChannel channel = await _target.ConnectAsync(inlineContinuations: false, either.Token);
        _gate.LastFailure = "";
        return channel.AsStream(_gate.Meter);
    }
}

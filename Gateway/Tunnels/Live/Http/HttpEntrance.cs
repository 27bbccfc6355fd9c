using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using RPort.Gateway.Listeners;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Live.Http;

/// <summary>
/// The port of a tunnel with <c>http_proxy</c>: a web server of its own that ends TLS here and forwards every request through the tunnel. Who may
/// connect is decided by the address of the connection, before TLS, and never by a header.
/// </summary>
internal sealed class HttpEntrance : ITunnelEntrance
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(1);

    private readonly Socket _listener;
    private readonly TunnelSpec _spec;
    private readonly TunnelEnvironment _environment;
    private readonly TunnelGate _gate;
    private readonly CancellationTokenSource _closing = new();
    private Task _running = Task.CompletedTask;

    private HttpEntrance(Socket listener, TunnelSpec spec, TunnelEnvironment environment, TunnelGate gate)
    {
        _listener = listener;
        _spec = spec;
        _environment = environment;
        _gate = gate;
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    public int Port { get; }

    /// <summary>Takes the port.</summary>
    /// <exception cref="SocketException">It can not be had.</exception>
    public static HttpEntrance Open(IPAddress address, int port, TunnelSpec spec, TunnelEnvironment environment, TunnelGate gate)
    {
        Socket listener = ListeningSocket.Bind(address, port, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Listen(); // bound alone, another process could still take the port
            return new HttpEntrance(listener, spec, environment, gate);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    public void Start(TunnelTarget target) => _running = Task.Run(() => RunAsync(target));

    public void Abandon() => _listener.Dispose();

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _running;
        _listener.Dispose();
        _closing.Dispose();
    }

    private async Task RunAsync(TunnelTarget target)
    {
        try
        {
            await using WebApplication app = Build();
            using TunnelForwarder forwarder = new(app.Services, target, _spec, _gate, _environment);
            app.Run(forwarder.HandleAsync);
            await app.StartAsync(_closing.Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, _environment.Clock, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            using CancellationTokenSource patience = new(StopPatience);
            await app.StopAsync(patience.Token);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // Closed before it had begun.
        }
        catch (Exception e)
        {
            // The edge of this tunnel's own web server: the tunnel says what is wrong with it, and all others go on.
            _gate.LastFailure = e.Message;
            TunnelLog.ProxyFailed(_environment.Logger, Port, e);
        }
    }

    private WebApplication Build()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = Environments.Production });
        builder.Services.AddSingleton(_environment.Clock);
        builder.Services.AddHttpForwarder();
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = _ => _listener);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // the target has its own limits
            kestrel.Listen((IPEndPoint)_listener.LocalEndPoint!, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.Use(next => connection => AdmitAsync(connection, next));
                listen.UseHttps(TlsCertificate.Read(_environment.Options.ProxyCertFile, _environment.Options.ProxyKeyFile));
            });
        });
        return builder.Build();
    }

    private async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.RemoteEndPoint is not IPEndPoint peer || _gate.TryEnter(peer.Address) is not { } passage)
        {
            connection.Abort(new ConnectionAbortedException("not allowed by the tunnel's ACL, or too many connections"));
            return;
        }

        using (passage)
        {
            await using CancellationTokenRegistration cut = passage.Token.Register(() => connection.Abort(new ConnectionAbortedException("the tunnel is closed")));
            await next(connection);
        }
    }
}

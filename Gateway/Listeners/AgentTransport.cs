using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace RPort.Gateway.Listeners;

/// <summary>The agent port's address: what makes Kestrel take <see cref="AgentTransport"/> for it.</summary>
internal sealed class AgentEndPoint(IPEndPoint endPoint) : IPEndPoint(endPoint.Address, endPoint.Port);

/// <summary>
/// The sockets of the agent port. What waits for an agent's bytes runs where the system reports them, without a thread switch: decrypting and passing
/// on is all that happens there, and nothing of it blocks. Requests of the API may, and keep the pool's threads.
/// </summary>
internal sealed class AgentTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets;

    public AgentTransport(IOptionsFactory<SocketTransportOptions> defaults, ILoggerFactory loggers)
    {
        SocketTransportOptions options = defaults.Create(Options.DefaultName); // an instance of its own, with the memory pool in it
        options.UnsafePreferInlineScheduling = true;
        _sockets = new SocketTransportFactory(Options.Create(options), loggers);
    }

    public bool CanBind(EndPoint endpoint) => endpoint is AgentEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => _sockets.BindAsync(endpoint, cancellationToken);
}

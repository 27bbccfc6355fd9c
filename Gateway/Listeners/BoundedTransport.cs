using System.Net;
using Microsoft.AspNetCore.Connections;
using RPort.Gateway.Operations;

namespace RPort.Gateway.Listeners;

/// <summary>
/// Accepts no more connections than there are file descriptors for; further ones wait in the backlog. Without this the server, out of descriptors, tries to
/// accept again and again without a pause, on as many threads as it has ports, and the connections whose end would free some are not looked after.
/// </summary>
internal sealed class BoundedTransport(IConnectionListenerFactory inner, SemaphoreSlim places) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <summary>Kept for the program itself, its state, files under way and tunnels. An idle gateway has some 300 open.</summary>
    private const int Kept = 512;

    private const int Least = 64;

    /// <summary>Puts the bound, one for all ports together, before the transports that are registered; where this system tells no limit there is none.</summary>
    public static void Add(IServiceCollection services)
    {
        if (DescriptorLimit.Read() is not { } limit)
        {
            return;
        }

        SemaphoreSlim places = new((int)Math.Clamp(limit - Kept, Least, int.MaxValue)); // as old as the process
        for (int i = 0; i < services.Count; i++)
        {
            if (services[i] is { IsKeyedService: false, ImplementationType: { } transport } registered && registered.ServiceType == typeof(IConnectionListenerFactory))
            {
                services[i] = ServiceDescriptor.Singleton<IConnectionListenerFactory>(
                    provider => new BoundedTransport((IConnectionListenerFactory)ActivatorUtilities.CreateInstance(provider, transport), places));
            }
        }
    }

    public bool CanBind(EndPoint endpoint) => inner is not IConnectionListenerFactorySelector selector || selector.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(await inner.BindAsync(endpoint, cancellationToken), places);

    private sealed class Listener(IConnectionListener inner, SemaphoreSlim places) : IConnectionListener
    {
        private readonly CancellationTokenSource _unbound = new();

        public EndPoint EndPoint => inner.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            ConnectionContext? connection = await inner.AcceptAsync(cancellationToken);
            if (connection is null)
            {
                return null;
            }

            try
            {
                await places.WaitAsync(_unbound.Token); // before the next one is accepted
            }
            catch (OperationCanceledException)
            {
                await connection.DisposeAsync();
                return null;
            }

            connection.ConnectionClosed.UnsafeRegister(static places => ((SemaphoreSlim)places!).Release(), places);
            return connection;
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await _unbound.CancelAsync();
            await inner.UnbindAsync(cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}

using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>Where a session's tunnels are remembered: the client grain. Every call is durable before it answers, and has a deadline.</summary>
internal interface ITunnelLedger
{
    /// <summary>Keeps a new tunnel; null: this session is not the newest, or the client has too many.</summary>
    Task<TunnelRecord?> AddAsync(TunnelSpec spec, CancellationToken cancellationToken);

    /// <summary>Keeps what a tunnel has become. False: this session is not the newest, or the tunnel is gone.</summary>
    Task<bool> ChangeAsync(TunnelRecord tunnel, CancellationToken cancellationToken);

    /// <summary>Forgets a tunnel. False: this session is not the newest.</summary>
    Task<bool> RemoveAsync(TunnelId tunnel, CancellationToken cancellationToken);
}

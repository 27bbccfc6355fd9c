namespace RPort.Grains.Abstractions;

/// <summary>How long a client counts as connected without a sign of life from its gateway. Both sides must agree, so it is not an option.</summary>
public static class SessionLease
{
    /// <summary>A session's heartbeat goes to its client grain at least this often.</summary>
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(20);

    /// <summary>Without a heartbeat for this long the gateway is taken for dead and the client for disconnected.</summary>
    public static readonly TimeSpan Expiry = TimeSpan.FromSeconds(65);
}

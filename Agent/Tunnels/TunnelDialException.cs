namespace RPort.Agent.Tunnels;

/// <summary>A target that is not reached. The message is for the peer, in the words existing agents use.</summary>
internal sealed class TunnelDialException(TunnelDialFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    public TunnelDialFailure Failure => failure;
}

/// <summary>Why a target is not reached.</summary>
internal enum TunnelDialFailure
{
    /// <summary>The name is unknown, or nobody takes the connection.</summary>
    Unreachable,

    /// <summary>The time was over before anything was known.</summary>
    TimedOut,

    /// <summary>This machine's configuration forbids it.</summary>
    Denied,
}

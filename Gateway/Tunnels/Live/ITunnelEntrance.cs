namespace RPort.Gateway.Tunnels.Live;

/// <summary>An open port of a tunnel. Disposing it gives the port back; the gate has been closed before, which ends what is under way.</summary>
internal interface ITunnelEntrance : IAsyncDisposable
{
    /// <summary>The port.</summary>
    int Port { get; }

    /// <summary>From here on people are let in, and lead to the target.</summary>
    void Start(TunnelTarget target);

    /// <summary>Gives the port back where it was never started.</summary>
    void Abandon();
}

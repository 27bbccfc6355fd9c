using System.Net;
using System.Net.Sockets;
using RPort.Ssh;
using RPort.Ssh.Forwarding;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>A tunnel's TCP port: every connection that the gate lets in is relayed to a channel of its own.</summary>
internal sealed class TcpEntrance : ITunnelEntrance
{
    private const int Backlog = 512;
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listener;
    private readonly TunnelEnvironment _environment;
    private readonly TunnelGate _gate;
    private readonly CancellationTokenSource _closing = new();
    private Task _accepting = Task.CompletedTask;

    private TcpEntrance(Socket listener, TunnelEnvironment environment, TunnelGate gate)
    {
        _listener = listener;
        _environment = environment;
        _gate = gate;
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Takes the port, and accepts nobody yet.</summary>
    /// <exception cref="SocketException">It can not be had.</exception>
    public static TcpEntrance Open(IPAddress address, int port, TunnelEnvironment environment, TunnelGate gate)
    {
        Socket listener = ListeningSocket.Bind(address, port, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Listen(Backlog);
            return new TcpEntrance(listener, environment, gate);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    public void Start(TunnelTarget target) => _accepting = Task.Run(() => AcceptAsync(target));

    public void Abandon() => _listener.Dispose();

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _closing.Dispose();
    }

    private async Task AcceptAsync(TunnelTarget target)
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                Admit(await _listener.AcceptAsync(), target);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (_closing.IsCancellationRequested)
                {
                    return;
                }

                // No descriptors left, for example: the port stays open for those who come later.
                TunnelLog.AcceptFailed(_environment.Logger, Port, e.Message);
                await Task.Delay(AcceptPause, _environment.Clock, CancellationToken.None);
            }
        }
    }

    private void Admit(Socket socket, TunnelTarget target)
    {
        try
        {
            if (_gate.TryEnter(((IPEndPoint)socket.RemoteEndPoint!).Address, _environment.Options.ConnectTimeout) is { } passage)
            {
                _ = ServeAsync(socket, passage, target); // the gate knows when it is over
                return;
            }
        }
        catch (SocketException)
        {
            // Gone before it was looked at.
        }

        socket.Close(0); // RST: a stranger learns nothing, and costs nothing
    }

    /// <summary>Never faults.</summary>
    private async Task ServeAsync(Socket socket, TunnelGate.Passage passage, TunnelTarget target)
    {
        using (passage)
        {
            try
            {
                SshChannel channel = await target.ConnectAsync(inlineContinuations: true, passage.Token);
                passage.Arrive();
                _gate.LastFailure = "";
                await SocketRelay.RunAsync(socket, channel, _gate.Meter, target.KeepsHalfClose, passage.Token);
            }
            catch (Exception e) when (e is SshException or OperationCanceledException)
            {
                socket.Close(0);
                if (!passage.IsCut)
                {
                    _gate.LastFailure = e is OperationCanceledException ? "the client did not connect to the target in time" : e.Message;
                    _environment.Metrics.Failed();
                }
            }
        }
    }
}

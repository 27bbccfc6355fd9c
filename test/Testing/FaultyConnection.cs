using System.Net;
using System.Net.Sockets;

namespace RPort.Testing;

/// <summary>One relayed connection of a <see cref="FaultyProxy"/>. Owns both sockets.</summary>
internal sealed class FaultyConnection(FaultyProxy proxy, Socket client, CancellationToken stop)
{
    private readonly Socket _target = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(stop);
    private readonly Lock _gate = new();
    private bool _reset;
    private bool _closed;

    /// <summary>Set once a byte was swallowed: what is missing can never be made up, so nothing more goes through.</summary>
    public bool IsLost { get; private set; }

    public void Lose() => IsLost = true;

    /// <summary>RST to both sides.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _reset = true;
                _end.Cancel();
            }
        }
    }

    public async Task RunAsync(int port)
    {
        try
        {
            client.NoDelay = _target.NoDelay = true;
            if (proxy.ToTarget.Now.Swallow)
            {
                Lose(); // nothing of it may ever come to the target
            }
            else
            {
                await _target.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), _end.Token);
            }

            await Task.WhenAll(
                DirectionAsync(client, _target, proxy.ToTarget),
                _target.Connected ? DirectionAsync(_target, client, proxy.ToClient) : Task.CompletedTask);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Whichever it was, both sockets are closed on the way out.
        }
        finally
        {
            Close();
        }
    }

    private async Task DirectionAsync(Socket from, Socket to, FaultSwitch faults)
    {
        try
        {
            await new FaultyDirection(proxy, this, from, to, faults).RunAsync(_end.Token);
        }
        catch (SocketException) when (IsLost || faults.Now.Swallow)
        {
            await Task.Delay(Timeout.Infinite, _end.Token); // not even a reset gets through
        }
        catch (SocketException)
        {
            _reset = true; // one side was reset, so the other is
            await _end.CancelAsync();
            throw;
        }
    }

    private void Close()
    {
        lock (_gate)
        {
            _closed = true;
            if (_reset)
            {
                client.LingerState = new LingerOption(true, 0);
                _target.LingerState = new LingerOption(true, 0);
            }

            client.Dispose();
            _target.Dispose();
            _end.Dispose();
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RPort.Agent.Tests.Kit;

/// <summary>A listener on loopback that serves each connection with the same code, and ends them all with itself.</summary>
internal abstract class Loopback : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _served = [];
    private readonly Task _accepting;
    private bool _disposed;

    protected Loopback(int port = 0)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    public int Accepted { get; private set; }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_served).WaitAsync(TimeSpan.FromSeconds(15));
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops listening; what is connected stays.</summary>
    public void StopListening() => _listener.Stop();

    protected abstract Task ServeAsync(TcpClient client, NetworkStream stream, CancellationToken cancellationToken);

    protected static async Task<string> ReadHeadAsync(Stream stream, CancellationToken cancellationToken)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, cancellationToken);
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    protected static async Task RelayAsync(NetworkStream stream, string host, int port, CancellationToken cancellationToken)
    {
        using TcpClient target = new();
        await target.ConnectAsync(host, port, cancellationToken);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task up = stream.CopyToAsync(target.GetStream(), either.Token);
        Task down = target.GetStream().CopyToAsync(stream, either.Token);
        await Task.WhenAny(up, down);
        await either.CancelAsync();
        await Task.WhenAll(up, down).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
            Accepted++;
            _served.Add(ServeOneAsync(client));
        }
    }

    private async Task ServeOneAsync(TcpClient client)
    {
        await Task.Yield();
        using (client)
        {
            try
            {
                await ServeAsync(client, client.GetStream(), _stop.Token);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or SocketException or ObjectDisposedException or RPort.Ssh.SshException)
            {
                // The peer went away, or the test is over.
            }
        }
    }
}

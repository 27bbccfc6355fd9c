using System.Net;
using System.Net.Sockets;
using RPort.Agent.Tests.Kit;

namespace RPort.Agent.Tests.Tunnels;

/// <summary>Sends back what it gets, as it comes, and then ends its direction.</summary>
internal sealed class EchoTarget : Loopback
{
    public string Address => $"127.0.0.1:{Port}";

    protected override async Task ServeAsync(TcpClient client, NetworkStream stream, CancellationToken cancellationToken) =>
        await stream.CopyToAsync(stream, cancellationToken);
}

/// <summary>Says nothing until it has everything; then how much it was.</summary>
internal sealed class CountingTarget : Loopback
{
    public string Address => $"127.0.0.1:{Port}";

    protected override async Task ServeAsync(TcpClient client, NetworkStream stream, CancellationToken cancellationToken)
    {
        using MemoryStream all = new();
        await stream.CopyToAsync(all, cancellationToken);
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{all.Length} bytes"), cancellationToken);
    }
}

/// <summary>Waits for its peer and tells how it went.</summary>
internal sealed class WaitingTarget : Loopback
{
    private readonly TaskCompletionSource<string> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Address => $"127.0.0.1:{Port}";

    public Task<string> End => _end.Task.WaitAsync(TunnelPair.Patience);

    protected override async Task ServeAsync(TcpClient client, NetworkStream stream, CancellationToken cancellationToken)
    {
        try
        {
            await client.Client.ReceiveAsync(new byte[1], cancellationToken);
            _end.TrySetResult("end");
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            _end.TrySetResult("reset");
        }
    }
}

/// <summary>An address that swallows connection attempts: a listener that takes nobody off its full queue.</summary>
internal sealed class SwallowingTarget : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _queued = [];

    private SwallowingTarget()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public static async Task<SwallowingTarget> CreateAsync()
    {
        SwallowingTarget target = new();
        while (true)
        {
            Socket filler = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            target._queued.Add(filler);
            Task connect = filler.ConnectAsync(target._listener.LocalEndPoint!);
            if (await Task.WhenAny(connect, Task.Delay(300)) != connect)
            {
                _ = connect.ContinueWith(static task => task.Exception, TaskScheduler.Default);
                return target; // the queue is full
            }
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _queued.ForEach(static socket => socket.Dispose());
    }
}

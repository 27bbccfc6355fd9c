using System.Net;
using System.Net.Sockets;

namespace RPort.EndToEnd.Kit;

/// <summary>
/// A TCP relay between agents and the gateway. It can hold back what the gateway sends after a number of bytes per connection, so that a
/// test stops a transfer at a known place; <see cref="Release"/> lets it flow again.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;
    private readonly int _target;
    private readonly long _holdAfter;
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _held = new(0);

    public Relay(int target, long holdAfter = long.MaxValue)
    {
        _target = target;
        _holdAfter = holdAfter;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Url => $"ws://127.0.0.1:{Port}";

    /// <summary>Completes when this many connections have been held back.</summary>
    public async Task HeldAsync(int connections, TimeSpan limit)
    {
        for (int i = 0; i < connections; i++)
        {
            Assert.True(await _held.WaitAsync(limit), $"only {i} of {connections} transfers came to the place where they are held");
        }
    }

    public void Release() => _released.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        _stop.Dispose();
        _held.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient agent = await _listener.AcceptTcpClientAsync(_stop.Token);
                _connections.Add(ServeAsync(agent));
            }
        }
        catch (OperationCanceledException)
        {
            // disposed
        }
    }

    private async Task ServeAsync(TcpClient agent)
    {
        using (agent)
        using (TcpClient gateway = new())
        {
            try
            {
                agent.NoDelay = gateway.NoDelay = true;
                await gateway.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
                using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                Task[] copies = [CopyAsync(agent, gateway, long.MaxValue, end), CopyAsync(gateway, agent, _holdAfter, end)];
                await Task.WhenAll(copies);
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                // either side has gone: both sockets are closed on the way out
            }
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, long holdAfter, CancellationTokenSource end)
    {
        try
        {
            byte[] buffer = new byte[1 << 16];
            long copied = 0;
            bool counted = false;
            while (true)
            {
                int n = await from.GetStream().ReadAsync(buffer, end.Token);
                if (n == 0)
                {
                    return;
                }

                copied += n;
                if (copied > holdAfter && !counted)
                {
                    counted = true;
                    _held.Release();
                    await _released.Task.WaitAsync(end.Token);
                }

                await to.GetStream().WriteAsync(buffer.AsMemory(0, n), end.Token);
            }
        }
        finally
        {
            await end.CancelAsync();
        }
    }
}

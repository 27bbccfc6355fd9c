using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace RPort.Testing;

/// <summary>
/// A TCP relay on loopback between a client and the port it believes to dial, and everything that goes wrong on such a way: see
/// <see cref="LinkFault"/>. Faults apply to open connections and to later ones, from the moment they are set.
/// </summary>
public sealed class FaultyProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<FaultyConnection, Task> _connections = new();
    private readonly SemaphoreSlim _held = new(0);
    private readonly Task _accepting;
    private readonly int _target;
    private int _accepted;
    private long _swallowed;

    public FaultyProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>One whose connections hold back what the target sends after so many bytes, so that a test stops a transfer at a known place, until <see cref="Heal"/>.</summary>
    public static FaultyProxy Holding(int target, long after)
    {
        FaultyProxy proxy = new(target);
        proxy.ToClient.Set(new LinkFault { HoldAfter = after });
        return proxy;
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The port as an agent dials it.</summary>
    public string Url => $"ws://127.0.0.1:{Port}";

    /// <summary>From the client to the target.</summary>
    public FaultSwitch ToTarget { get; } = new();

    /// <summary>From the target to the client.</summary>
    public FaultSwitch ToClient { get; } = new();

    /// <summary>Connections that are relayed now.</summary>
    public int Connections => _connections.Count;

    /// <summary>Connections accepted so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Bytes that have been dropped so far, of both directions.</summary>
    public long Swallowed => Interlocked.Read(ref _swallowed);

    /// <summary>The same fault in both directions.</summary>
    public void Set(LinkFault fault)
    {
        ToTarget.Set(fault);
        ToClient.Set(fault);
    }

    /// <summary>Both directions swallow what comes; new connections are accepted and lead nowhere.</summary>
    public void BlackHole() => Set(new LinkFault { Swallow = true });

    /// <summary>
    /// New connections are in order again. Those that lost bytes stay lost: they are forgotten without a word to either side, as a router does.
    /// </summary>
    public void Heal() => Set(LinkFault.None);

    /// <summary>Resets every open connection, towards both sides.</summary>
    public void Cut()
    {
        foreach (FaultyConnection connection in _connections.Keys)
        {
            connection.Reset();
        }
    }

    /// <summary>Completes when this many directions have come to the place where they are held, see <see cref="LinkFault.HoldAfter"/>.</summary>
    public async Task HeldAsync(int count, TimeSpan limit)
    {
        for (int i = 0; i < count; i++)
        {
            if (!await _held.WaitAsync(limit))
            {
                throw new TimeoutException($"Only {i} of {count} transfers came to the place where they are held within {limit}.");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections.Values);
        _stop.Dispose();
        _held.Dispose();
    }

    internal void CountHeld() => _held.Release();

    internal void CountSwallowed(int bytes) => Interlocked.Add(ref _swallowed, bytes);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stop.Token);
                Interlocked.Increment(ref _accepted);
                FaultyConnection connection = new(this, client, _stop.Token);
                TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
                _connections[connection] = ended.Task; // before it runs: it may end at once
                _ = RunAsync(connection, ended);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // Disposed.
        }
    }

    private async Task RunAsync(FaultyConnection connection, TaskCompletionSource ended)
    {
        await connection.RunAsync(_target);
        _connections.TryRemove(connection, out _);
        ended.SetResult();
    }
}

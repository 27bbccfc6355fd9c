using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace RPort.Gateway.Agents.Admission;

/// <summary>
/// The threads on which handshakes work. A handshake is mostly waiting for the peer, with a few pieces of work of up to two milliseconds between: on the
/// threads of the sockets, a crowd that dials at the same moment would put thousands of them before the next ping and the next byte of a tunnel; on the
/// pool, before the next request. So each piece runs here, one per thread at a time. Who is in a handshake comes before who begins one, so that what was
/// begun gets finished; but every fourth piece is a newcomer's, so that none is locked out.
/// </summary>
internal sealed class HandshakeThreads : IDisposable
{
    private const int BegunInARow = 3;

    private readonly object _gate = new(); // waited on: a Lock has no such thing
    private readonly Queue<Action> _begun = [];
    private readonly Queue<Action> _newcomers = [];
    private int _row;
    private bool _isDisposed;

    public HandshakeThreads(IOptions<AgentDoorOptions> options)
    {
        int threads = options.Value.HandshakeThreads is > 0 and var asked ? asked : Math.Max(1, Environment.ProcessorCount / 2);
        for (int number = 0; number < threads; number++)
        {
            new Thread(Run) { Name = "handshakes", IsBackground = true }.UnsafeStart();
        }
    }

    /// <summary>To be awaited by a handshake that goes on: what follows, up to its next wait, runs here.</summary>
    public Turn Next => new(this, begun: true);

    /// <summary>Runs the first piece of a new connection here, up to its first wait, and waits for the rest of it.</summary>
    public async Task BeginAsync(ConnectionDelegate connect, ConnectionContext connection)
    {
        await new Turn(this, begun: false);
        await connect(connection);
    }

    /// <summary>Ends the threads. What is still to come goes on on the pool.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Add(Action piece, bool begun)
    {
        lock (_gate)
        {
            if (!_isDisposed)
            {
                (begun ? _begun : _newcomers).Enqueue(piece);
                Monitor.Pulse(_gate);
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(static piece => piece(), piece, preferLocal: false);
    }

    private void Run()
    {
        while (Take() is { } piece)
        {
            piece(); // of an asynchronous method, which throws nowhere
        }
    }

    /// <summary>The next piece, when there is one; null at the end.</summary>
    private Action? Take()
    {
        lock (_gate)
        {
            while (true)
            {
                bool newcomerIsDue = _row >= BegunInARow && _newcomers.Count > 0;
                if (!newcomerIsDue && _begun.TryDequeue(out Action? piece))
                {
                    _row++;
                    return piece;
                }

                if (_newcomers.TryDequeue(out piece))
                {
                    _row = 0;
                    return piece;
                }

                if (_isDisposed)
                {
                    return null;
                }

                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Awaited to go on on one of the threads.</summary>
    public readonly struct Turn(HandshakeThreads threads, bool begun) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public Turn GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => threads.Add(continuation, begun);

        public void UnsafeOnCompleted(Action continuation) => threads.Add(continuation, begun);
    }
}

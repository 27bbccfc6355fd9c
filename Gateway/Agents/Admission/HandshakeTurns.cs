using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace RPort.Gateway.Agents.Admission;

/// <summary>
/// How many handshakes use a processor at the same time. A handshake is mostly waiting for the peer, with a few pieces of work of up to two
/// milliseconds between: a crowd that dials at the same moment would put thousands of them before the next ping and the next byte of a tunnel. So each
/// piece takes a turn, on the thread pool, and the threads on which the sockets of working agents complete are left to these. Who is in a handshake
/// comes before who begins one, so that what was begun gets finished; but every fourth turn is a newcomer's, so that none is locked out.
/// </summary>
internal sealed class HandshakeTurns(IOptions<AgentDoorOptions> options)
{
    private const int BegunInARow = 3;

    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _begun = [];
    private readonly Queue<TaskCompletionSource> _newcomers = [];
    private int _free = options.Value.HandshakeProcessors is > 0 and var processors ? processors : Math.Max(1, Environment.ProcessorCount / 2);
    private int _row;

    /// <summary>Runs the first piece of a new connection, up to its first wait, in a turn; and waits for the rest of it.</summary>
    public async Task BeginAsync(ConnectionDelegate connect, ConnectionContext connection)
    {
        await TakeAsync(begun: false);
        Task all;
        try
        {
            all = connect(connection);
        }
        finally
        {
            Release();
        }

        await all;
    }

    /// <summary>Waits for a turn and goes on with it on the thread pool. Each has to be released soon, and never waited in for a peer.</summary>
    public async ValueTask TakeAsync(bool begun)
    {
        TaskCompletionSource? turn = null;
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
            }
            else
            {
                turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                (begun ? _begun : _newcomers).Enqueue(turn);
            }
        }

        if (turn is not null)
        {
            await turn.Task;
        }
        else
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // never on the caller's thread: it is a socket's
        }
    }

    /// <summary>Hands a turn on.</summary>
    public void Release()
    {
        TaskCompletionSource? next;
        lock (_gate)
        {
            bool newcomerIsDue = _row >= BegunInARow && _newcomers.Count > 0;
            if (!newcomerIsDue && _begun.TryDequeue(out next))
            {
                _row++;
            }
            else if (_newcomers.TryDequeue(out next))
            {
                _row = 0;
            }
            else
            {
                _free++;
            }
        }

        next?.SetResult();
    }
}

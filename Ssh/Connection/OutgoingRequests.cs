namespace RPort.Ssh.Connection;

/// <summary>
/// Requests of ours that wait for the peer's reply, in order (RFC 4254 §4, §5.4). Added under the sender's gate, so that their order is that of the
/// messages. A caller that stops waiting leaves its place in the queue behind.
/// </summary>
internal sealed class OutgoingRequests<TReply>
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource<TReply>> _waiting = new(0);
    private Func<Exception>? _ended;

    /// <summary>Adds a request; fails it at once after <see cref="Abort"/>.</summary>
    public void Add(TaskCompletionSource<TReply> request)
    {
        Func<Exception>? ended;
        lock (_gate)
        {
            ended = _ended;
            if (ended is null)
            {
                _waiting.Enqueue(request);
            }
        }

        if (ended is not null)
        {
            request.TrySetException(ended());
        }
    }

    /// <summary>Gives the oldest request its reply.</summary>
    /// <returns>False when none waits.</returns>
    public bool TryComplete(TReply reply)
    {
        TaskCompletionSource<TReply>? request;
        lock (_gate)
        {
            if (!_waiting.TryDequeue(out request))
            {
                return false;
            }
        }

        request.TrySetResult(reply);
        return true;
    }

    /// <summary>Fails every request, waiting and to come.</summary>
    public void Abort(Func<Exception> error)
    {
        TaskCompletionSource<TReply>[] waiting;
        lock (_gate)
        {
            _ended ??= error;
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        foreach (TaskCompletionSource<TReply> request in waiting)
        {
            request.TrySetException(error());
            _ = request.Task.Exception; // its caller may have gone
        }
    }
}

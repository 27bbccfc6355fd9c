namespace RPort.Grains;

/// <summary>
/// Lets many calls of a reentrant grain share storage writes. A caller has changed the state in memory and awaits the first write that starts
/// after that; one write runs at a time. A failed write fails everyone who waits, also those it did not yet cover, since the state in memory
/// holds changes nobody may build on. Used from one grain's turns only.
/// </summary>
internal sealed class GroupCommit(Func<Task> writeAsync)
{
    private TaskCompletionSource? _next;
    private Task? _writer; // owned here: ends by itself when nobody waits
    private Exception? _failure;

    /// <summary>No write runs or is asked for, and none has failed: what was last written is what is durable.</summary>
    public bool IsIdle => _failure is null && _next is null && (_writer is null || _writer.IsCompleted);

    /// <summary>Completes when the write that runs has ended. Its failure goes to those who wait for it, not here.</summary>
    public Task Writing => _writer ?? Task.CompletedTask;

    /// <summary>Completes once everything changed before this call is durable.</summary>
    public Task CommitAsync()
    {
        if (_failure is not null)
        {
            return Task.FromException(_failure);
        }

        _next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task covered = _next.Task;
        if (_writer is null or { IsCompleted: true })
        {
            _writer = WriteWhileWaitedForAsync();
        }

        return covered;
    }

    private async Task WriteWhileWaitedForAsync()
    {
        await Task.Yield(); // the calls that wait behind this turn come first, so that one write covers them too
        while (_next is { } waiting)
        {
            _next = null;
            try
            {
                await writeAsync();
            }
            catch (Exception e) // handed on to every waiting call
            {
                _failure = e;
                waiting.SetException(e);
                _next?.SetException(e);
                _next = null;
                return;
            }

            waiting.SetResult();
        }
    }
}

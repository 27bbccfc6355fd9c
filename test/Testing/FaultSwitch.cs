namespace RPort.Testing;

/// <summary>The fault of one direction, changed at run time.</summary>
public sealed class FaultSwitch
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LinkFault _now = LinkFault.None;

    public LinkFault Now
    {
        get
        {
            lock (_gate)
            {
                return _now;
            }
        }
    }

    public void Set(LinkFault fault)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _now = fault;
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    /// <summary>Waits until a fault for which this holds is set.</summary>
    internal async Task UntilAsync(Func<LinkFault, bool> holds, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (holds(_now))
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }
}

namespace RPort.Ssh.Connection;

/// <summary>Tasks that run beside each other and never fault, until they are done. Keeps nothing of those that are.</summary>
internal sealed class RunningTasks
{
    private readonly Lock _gate = new();
    private int _running;
    private TaskCompletionSource? _idle;

    public void Add(Task task)
    {
        if (task.IsCompleted)
        {
            return;
        }

        lock (_gate)
        {
            _running++;
        }

        task.ContinueWith(
            static (_, self) => ((RunningTasks)self!).Finish(), this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Completes when none runs. None may be added afterwards.</summary>
    public Task WhenDoneAsync()
    {
        lock (_gate)
        {
            return _running == 0 ? Task.CompletedTask : (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void Finish()
    {
        lock (_gate)
        {
            if (--_running == 0)
            {
                _idle?.TrySetResult();
            }
        }
    }
}

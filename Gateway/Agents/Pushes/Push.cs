using RPort.Grains.Abstractions;

namespace RPort.Gateway.Agents.Pushes;

/// <summary>One push as a session carries it.</summary>
internal sealed class Push(PushOrder order) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _reported = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PushOrder Order => order;

    /// <summary>Fires when the push is taken back, replaced, or the session ends.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Completes when the agent's own report of it was recorded.</summary>
    public Task Reported => _reported.Task;

    /// <summary>True once the agent may know of it. Belongs to the task that carries the push out.</summary>
    public bool IsSent { get; set; }

    /// <summary>True when it was taken back, so that the agent is to be told.</summary>
    public bool IsWithdrawn { get; private set; }

    /// <summary>Carries it out; null while it waits for its turn. Guarded by the lock of <see cref="PushDelivery"/>.</summary>
    public Task? Run { get; set; }

    /// <summary>The grain has recorded the agent's result.</summary>
    public void SetReported() => _reported.TrySetResult();

    public void Withdraw()
    {
        IsWithdrawn = true;
        _stop.Cancel();
    }

    /// <summary>Stops it without a word to the agent.</summary>
    public void Dispose() => _stop.Cancel();
}

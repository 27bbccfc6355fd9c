using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>
/// A timer whose ticks are calls of the activation to itself. The time to the next tick runs from the end of the last, so ticks never pile up.
/// </summary>
internal sealed class GrainTimer : IGrainTimer
{
    private readonly CancellationTokenSource _disposed = new();
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly ITimer _timer;
    private readonly GrainTimerCreationOptions _options;
    private bool _firing;
    private bool _changed;
    private TimeSpan _dueTime = Timeout.InfiniteTimeSpan;
    private TimeSpan _period = Timeout.InfiniteTimeSpan;

    public GrainTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        _activation = activation;
        _callback = callback;
        _options = options;
        using (ExecutionContext.SuppressFlow())
        {
            _timer = activation.Silo.Clock.CreateTimer(
                static state => ((GrainTimer)state!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        ThrowUnlessTime(dueTime, nameof(dueTime));
        ThrowUnlessTime(period, nameof(period));
        _changed = true;
        _dueTime = dueTime;
        _period = period;
        if (!_firing)
        {
            _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        if (_disposed.IsCancellationRequested)
        {
            return;
        }

        _disposed.Cancel();
        _timer.Dispose();
        _activation.Forget(this);
    }

    private static void ThrowUnlessTime(TimeSpan time, string name)
    {
        const long LongestTimerMilliseconds = 0xfffffffe;
        ArgumentOutOfRangeException.ThrowIfLessThan((long)time.TotalMilliseconds, -1, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)time.TotalMilliseconds, LongestTimerMilliseconds, name);
    }

    private void Fire()
    {
        _firing = true;
        _activation.TryReceive(new Tick(this));
    }

    private async Task TickAsync()
    {
        if (_disposed.IsCancellationRequested)
        {
            return;
        }

        _changed = false;
        try
        {
            await _callback(_disposed.Token);
        }
        finally
        {
            _firing = false;
            _timer.Change(_changed ? _dueTime : _period, Timeout.InfiniteTimeSpan); // false and harmless once disposed
        }
    }

    /// <summary>One tick on its way through the mailbox.</summary>
    private sealed class Tick : PlainCall
    {
        private static readonly MethodInfo TickMethod = typeof(IGrainTimerInvoker).GetMethod(nameof(IGrainTimerInvoker.InvokeCallbackAsync))!;
        private static readonly GrainMethod InTurn = new(TickMethod, interleave: false);
        private static readonly GrainMethod Beside = new(TickMethod, interleave: true);
        private readonly GrainTimer _timer;

        public Tick(GrainTimer timer)
        {
            _timer = timer;
            Method = timer._options.Interleave ? Beside : InTurn;
            TargetId = SourceId = timer._activation.GrainId;
        }

        public override bool KeepsAlive => _timer._options.KeepAlive;

        public override bool IsLocal => true;

        public override Task Start(object target) => _timer.TickAsync();
    }
}

/// <summary>What call filters see when a timer ticks.</summary>
internal interface IGrainTimerInvoker : IAddressable
{
    Task InvokeCallbackAsync();
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>
/// Answers calls that nobody answered in time. Instead of a timer per call, a tick looks through the targets that had calls since the last
/// one; a call may so wait up to two ticks longer than the timeout.
/// </summary>
internal sealed partial class CallDeadlines
{
    private const int TicksPerTimeout = 30;

    private readonly ConcurrentQueue<ICallTarget> _watched = new();
    private readonly TimeSpan _timeout;
    private readonly uint _ticksToLive;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Lock _ticking = new();
    private uint _now;
    private bool _stopped;
    private long _coarseTime;

    public CallDeadlines(TimeSpan responseTimeout, TimeProvider clock, ILogger logger)
    {
        _timeout = responseTimeout;
        _clock = clock;
        _logger = logger;
        _coarseTime = clock.GetTimestamp();
        var period = TimeSpan.FromMilliseconds(Math.Clamp(responseTimeout.TotalMilliseconds / TicksPerTimeout, 10, 1000));
        Period = period;
        _ticksToLive = (uint)Math.Ceiling(responseTimeout / period) + 1;
        _timer = clock.CreateTimer(static state => ((CallDeadlines)state!).Tick(), this, period, period);
    }

    /// <summary>Time between two ticks, which is also how late <see cref="CoarseTime"/> may be.</summary>
    public TimeSpan Period { get; }

    /// <summary>The timestamp of the last tick: good enough to tell idle grains from used ones, and free.</summary>
    public long CoarseTime => Volatile.Read(ref _coarseTime);

    public void Stamp(GrainCall call) => call.ExpiresAt = Volatile.Read(ref _now) + _ticksToLive;

    /// <summary>Has the target looked through at the next tick, and for as long as it has calls.</summary>
    public void Watch(ICallTarget target) => _watched.Enqueue(target);

    /// <summary>Tells the caller of a call whose time is over.</summary>
    public void Expire(GrainCall call)
    {
        if (call.IsAnswered)
        {
            return;
        }

        if (_stopped)
        {
            call.Fail(new SiloUnavailableException($"The silo has stopped and will not answer: {call}."));
            return;
        }

        // A one-way call gets here only if it waited so long: it is dropped, and its caller, who does not listen, is told nothing.
        LogTimeout(_logger, call, _timeout);
        call.Fail(new TimeoutException($"Response did not arrive on time in {_timeout} for message: {call}."));
    }

    /// <summary>Answers all open calls: the grains that should are gone.</summary>
    public void Stop()
    {
        _timer.Dispose();
        lock (_ticking)
        {
            _stopped = true;
            while (_watched.TryDequeue(out ICallTarget? target))
            {
                target.Expire(null);
            }
        }
    }

    private void Tick()
    {
        // Ticks of a busy machine may overlap; the later one has nothing to add.
        if (!_ticking.TryEnter())
        {
            return;
        }

        try
        {
            if (_stopped)
            {
                return;
            }

            uint now = ++_now;
            Volatile.Write(ref _coarseTime, _clock.GetTimestamp());
            for (int left = _watched.Count; left > 0 && _watched.TryDequeue(out ICallTarget? target); left--)
            {
                if (target.Expire(now))
                {
                    _watched.Enqueue(target);
                }
            }
        }
        finally
        {
            _ticking.Exit();
        }
    }

    [LoggerMessage(9001, LogLevel.Warning, "No answer within {Timeout} for call {Call}")]
    private static partial void LogTimeout(ILogger logger, GrainCall call, TimeSpan timeout);
}

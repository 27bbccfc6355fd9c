using System.Collections.Concurrent;
using RPort.Load.Figures;

namespace RPort.Load.Agents;

/// <summary>How the fleet stands, and who waits for it to stand otherwise. Thread-safe.</summary>
internal sealed class FleetCounts
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, int> _failures = [];
    private TaskCompletionSource? _reached;
    private int _goal;
    private int _online;
    private int _busy;

    /// <summary>From the dial to the registration's answer.</summary>
    public Samples Connects { get; } = new();

    /// <summary>From the start, or the end of the last connection, to the registration's answer: all the pauses and attempts between.</summary>
    public Samples Waits { get; } = new();

    /// <summary>Dials answered with 503.</summary>
    public int Busy => Volatile.Read(ref _busy);

    public int Online => Volatile.Read(ref _online);

    public int Failures => _failures.Values.Sum();

    public string FailureTexts => string.Join("; ", _failures.OrderByDescending(static kind => kind.Value).Take(5).Select(static kind => $"{kind.Value} x {kind.Key}"));

    public void Connected() => Move(1);

    public void Disconnected() => Move(-1);

    public void Failed(string text) => _failures.AddOrUpdate(text, 1, static (_, count) => count + 1);

    public void Refused() => Interlocked.Increment(ref _busy);

    /// <summary>Completes when exactly this many are connected.</summary>
    public async Task ReachAsync(int goal, TimeSpan longest, CancellationToken cancellationToken)
    {
        Task reached;
        lock (_gate)
        {
            if (_online == goal)
            {
                return;
            }

            _goal = goal;
            _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            reached = _reached.Task;
        }

        try
        {
            await reached.WaitAsync(longest, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new LoadException($"only {Online} of {goal} agents are connected after {longest.TotalSeconds:0} s. Failures: {FailureTexts}");
        }
    }

    public void Clear()
    {
        Connects.Clear();
        Waits.Clear();
        Volatile.Write(ref _busy, 0);
        _failures.Clear();
    }

    private void Move(int by)
    {
        lock (_gate)
        {
            _online += by;
            if (_online == _goal)
            {
                _reached?.TrySetResult();
            }
        }
    }
}

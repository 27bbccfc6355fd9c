using System.Collections.Concurrent;

namespace RPort.Contract;

/// <summary>Where grains leave word for tests: lines in order per key, and gates that hold a grain until a test opens them.</summary>
public sealed class Journal
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly Dictionary<string, List<string>> _lines = [];
    private readonly Lock _lock = new();
    private TaskCompletionSource _written = New();

    public void Write(string key, string line)
    {
        lock (_lock)
        {
            (CollectionsOf(key)).Add(line);
            _written.TrySetResult();
            _written = New();
        }
    }

    public string[] Read(string key)
    {
        lock (_lock)
        {
            return [.. CollectionsOf(key)];
        }
    }

    /// <summary>Waits until the line was written under the key that many times.</summary>
    public async Task WaitForAsync(string key, string line, int times = 1)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            Task written;
            lock (_lock)
            {
                if (CollectionsOf(key).Count(candidate => candidate == line) >= times)
                {
                    return;
                }

                written = _written.Task;
            }

            try
            {
                await written.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"'{line}' did not come {times} times; under '{key}' are: {string.Join(", ", Read(key))}");
            }
        }
    }

    /// <summary>Passes when a test has opened the gate.</summary>
    public Task GateAsync(string key) => GateOf(key).Task;

    public void Open(string key) => GateOf(key).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TaskCompletionSource GateOf(string key) => _gates.GetOrAdd(key, _ => New());

    private List<string> CollectionsOf(string key)
    {
        if (!_lines.TryGetValue(key, out List<string>? lines))
        {
            _lines[key] = lines = [];
        }

        return lines;
    }
}

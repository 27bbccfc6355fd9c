using System.Diagnostics;
using RPort.Load.Figures;
using RPort.Load.Scenarios;
using RPort.Load.Server;

namespace RPort.Load.Soak;

/// <summary>What the server, life by life, and this program hold, looked at every few seconds.</summary>
internal sealed class Vitals(Bench bench, TimeSpan interval)
{
    private const double Mebi = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly List<Vital> _taken = [];
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _lifeStart = Stopwatch.GetTimestamp();
    private int _life = 1;

    public int Life => Volatile.Read(ref _life);

    public IReadOnlyList<Vital> Taken
    {
        get
        {
            lock (_gate)
            {
                return [.. _taken];
            }
        }
    }

    /// <summary>The server has been started anew.</summary>
    public void BeginLife()
    {
        lock (_gate)
        {
            _life++;
            _lifeStart = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Takes figures until the token fires.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(interval, cancellationToken);
            try
            {
                ProcessFigures server = bench.Server;
                double heap = await bench.Api.HeapBytesAsync(cancellationToken) / Mebi;
                ProcessFigures own = ProcessFigures.Of(Environment.ProcessId);
                lock (_gate)
                {
                    _taken.Add(new Vital(
                        _life, Stopwatch.GetElapsedTime(_lifeStart), Stopwatch.GetElapsedTime(_start), server.ResidentBytes / Mebi, heap, server.Handles, server.Threads, own.ResidentBytes / Mebi, own.Handles));
                }
            }
            catch (Exception e) when (e is IOException or HttpRequestException or InvalidOperationException or UnauthorizedAccessException)
            {
                // The server is being killed or is not up yet: nothing to look at.
            }
        }
    }
}

/// <summary>Figures of one moment. Memory in MiB.</summary>
/// <param name="Life">Of the server, from 1.</param>
/// <param name="Age">Since the server was started.</param>
/// <param name="Time">Since the soak began.</param>
internal sealed record Vital(int Life, TimeSpan Age, TimeSpan Time, double Rss, double Heap, int Handles, int Threads, double OwnRss, int OwnHandles);

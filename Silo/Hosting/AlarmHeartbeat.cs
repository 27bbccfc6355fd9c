using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Silo.Hosting;

/// <summary>Ticks every alarm shard: once the silo is up, which takes up what the last stop or crash cut off, and then at an interval.</summary>
internal sealed partial class AlarmHeartbeat(IGrainFactory grains, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<AlarmHeartbeat> logger) : BackgroundService
{
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private long _lastBeat; // ticks of UTC; 0 before the first

    /// <summary>When all shards last answered; null before the first time.</summary>
    public DateTimeOffset? LastBeat => Interlocked.Read(ref _lastBeat) is > 0 and long ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await BeatAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // the host stops, or is disposed of without being stopped
        }
    }

    private async Task BeatAsync(CancellationToken stoppingToken)
    {
        await WhenStartedAsync(stoppingToken);
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            bool[] answered = await Task.WhenAll(AlarmShards.Keys.Select(TickAsync));
            if (answered.All(answer => answer))
            {
                Interlocked.Exchange(ref _lastBeat, clock.GetUtcNow().UtcTicks);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<bool> TickAsync(string shard)
    {
        try
        {
            await grains.GetGrain<IAlarmGrain>(shard).TickAsync();
            return true;
        }
        catch (Exception e) // a shard that cannot answer now is asked again at the next beat
        {
            LogTickFailed(logger, shard, e);
            return false;
        }
    }

    private async Task WhenStartedAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration onStart = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(stoppingToken);
    }

    [LoggerMessage(3010, LogLevel.Warning, "Alarm shard {Shard} did not answer.")]
    private static partial void LogTickFailed(ILogger logger, string shard, Exception exception);
}

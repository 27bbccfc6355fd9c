using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Scheduling;

/// <summary>One shard of the alarms. Reentrant: a push that is woken here moves its alarm here before it answers.</summary>
[Reentrant]
internal sealed partial class AlarmGrain : Grain, IAlarmGrain
{
    private const int Batch = 64;

    private readonly IPersistentState<AlarmState> _store;
    private readonly TimeProvider _clock;
    private readonly ILogger<AlarmGrain> _logger;
    private readonly GroupCommit _commit;
    private readonly WakePlan _plan = new();
    private AlarmState _state = new();
    private bool _ticking;

    public AlarmGrain([PersistentState("alarms")] IPersistentState<AlarmState> store, TimeProvider clock, ILogger<AlarmGrain> logger)
    {
        _store = store;
        _clock = clock;
        _logger = logger;
        _commit = new GroupCommit(WriteAsync);
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _state = _store.State;
        return Task.CompletedTask;
    }

    public Task SetAsync(UploadId upload, DateTimeOffset due) => ApplyAsync(_state.Set(upload, due));

    public Task ClearAsync(UploadId upload) => ApplyAsync(_state.Clear(upload));

    public async Task TickAsync()
    {
        if (_ticking)
        {
            return; // the tick before still wakes: several silos tick every shard
        }

        _ticking = true;
        try
        {
            foreach (string[] batch in _plan.Take(_state.Due, _clock.GetUtcNow()).Chunk(Batch))
            {
                await Task.WhenAll(batch.Select(WakeAsync));
            }
        }
        finally
        {
            _ticking = false;
        }
    }

    private async Task WakeAsync(string upload)
    {
        try
        {
            await GrainFactory.GetGrain<IUploadGrain>(upload).WakeAsync();
        }
        catch (Exception e) // one push that cannot be woken does not keep the others asleep; the next round tries again
        {
            LogWakeFailed(_logger, upload, e);
        }
    }

    private Task ApplyAsync(AlarmState next)
    {
        _state = next;
        return ReferenceEquals(_state, _store.State) && _commit.IsIdle ? Task.CompletedTask : _commit.CommitAsync();
    }

    private async Task WriteAsync()
    {
        _store.State = _state;
        try
        {
            await _store.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }

    [LoggerMessage(2020, LogLevel.Warning, "Push {Upload} could not be woken; it will be tried again.")]
    private static partial void LogWakeFailed(ILogger logger, string upload, Exception exception);
}

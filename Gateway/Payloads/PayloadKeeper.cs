using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Payloads;

/// <summary>
/// Deletes payloads: those a notice says are needed no more, and, every now and then, those that no push needs although no notice came
/// (a crash between storing and ordering, a notice lost). When in doubt a payload stays.
/// </summary>
internal sealed partial class PayloadKeeper(
    IPayloadStore store, IGrainFactory grains, IOptions<PayloadOptions> options, TimeProvider clock, ILogger<PayloadKeeper> logger)
    : BackgroundService
{
    /// <summary>Younger ones may belong to a push that is just being ordered.</summary>
    private static readonly TimeSpan SweepAge = TimeSpan.FromHours(1);

    // Full: the sweep finds what is dropped here.
    private readonly Channel<UploadId> _released = Channel.CreateBounded<UploadId>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Says that no target needs this payload any more. Never waits.</summary>
    public void Release(UploadId upload) => _released.Writer.TryWrite(upload);

    /// <summary>Deletes what is old and needed by no push.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        await store.RemoveUnfinishedAsync(SweepAge, cancellationToken);
        DateTimeOffset limit = clock.GetUtcNow() - SweepAge;
        await foreach (StoredPayload payload in store.ListAsync(cancellationToken))
        {
            if (payload.WrittenAt < limit && !await grains.GetGrain<IUploadGrain>(payload.Upload.Value).NeedsPayloadAsync())
            {
                await store.DeleteAsync(payload.Upload, cancellationToken);
                LogSwept(logger, payload.Upload);
            }
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(DeleteReleasedAsync(stoppingToken), SweepRegularlyAsync(stoppingToken));

    private async Task DeleteReleasedAsync(CancellationToken stoppingToken)
    {
        await foreach (UploadId upload in _released.Reader.ReadAllAsync(stoppingToken))
        {
            await TryAsync(async () =>
            {
                await store.ForgetAsync(upload);
                await store.DeleteAsync(upload, stoppingToken);
            }, stoppingToken);
        }
    }

    private async Task SweepRegularlyAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepInterval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryAsync(() => SweepAsync(stoppingToken), stoppingToken);
        }
    }

    private async Task TryAsync(Func<Task> work, CancellationToken stoppingToken)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested) // the next sweep does what was left undone
        {
            LogFailed(logger, e);
        }
    }

    [LoggerMessage(4040, LogLevel.Information, "Payload {Upload} was needed by no push and is deleted")]
    private static partial void LogSwept(ILogger logger, UploadId upload);

    [LoggerMessage(4041, LogLevel.Warning, "Payloads could not be deleted; the next sweep tries again")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}

using System.Collections.Immutable;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>
/// One gateway that subscribes to the feed, and the events that wait for it. A batch is told again until the gateway says that it has it: its connection
/// to this silo may be down for a moment. Used from the feed grain's turns only.
/// </summary>
/// <param name="observer">The gateway.</param>
/// <param name="clock">For pauses and the lease.</param>
internal sealed class FeedSubscriber(IUploadFeedObserver observer, TimeProvider clock)
{
    /// <summary>Events in one call.</summary>
    internal const int Batch = 256;

    /// <summary>How long one call may take before it is made again. The gateway only queues what it is told.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Queue<UploadEvent> _waiting = new();
    private long _renewed = clock.GetTimestamp();

    /// <summary>Completes when nothing waits; owned here, never fails.</summary>
    public Task Telling { get; private set; } = Task.CompletedTask;

    /// <summary>It has not renewed in time, or too much waits for it.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Its latest call has failed.</summary>
    public bool IsBehind { get; private set; }

    public void Renew() => _renewed = clock.GetTimestamp();

    /// <summary>Queues events for it.</summary>
    public void Offer(ImmutableArray<UploadEvent> events)
    {
        IsLost |= _waiting.Count + events.Length > IUploadFeedGrain.MaxWaiting || HasLapsed;
        if (IsLost)
        {
            return;
        }

        foreach (UploadEvent next in events)
        {
            _waiting.Enqueue(next);
        }

        if (Telling.IsCompleted)
        {
            Telling = TellAsync();
        }
    }

    /// <summary>Ends its calls.</summary>
    public void GiveUp() => IsLost = true;

    private bool HasLapsed => clock.GetElapsedTime(_renewed) > IUploadFeedGrain.SubscriptionLease;

    private async Task TellAsync()
    {
        ImmutableArray<UploadEvent> batch = [];
        while (!IsLost && (batch.Length > 0 || _waiting.Count > 0))
        {
            if (batch.Length == 0)
            {
                batch = Take();
            }

            try
            {
                await observer.OnUploadEventsAsync(batch).WaitAsync(Patience);
                batch = [];
                IsBehind = false;
            }
            catch (Exception) // whatever a call to another process may throw: told again, until it is given up for lost
            {
                IsBehind = true;
                IsLost |= HasLapsed;
                await Task.Delay(Pause);
            }
        }
    }

    private ImmutableArray<UploadEvent> Take()
    {
        var batch = ImmutableArray.CreateBuilder<UploadEvent>();
        while (batch.Count < Batch && _waiting.TryDequeue(out UploadEvent? next))
        {
            batch.Add(next);
        }

        return batch.ToImmutable();
    }
}

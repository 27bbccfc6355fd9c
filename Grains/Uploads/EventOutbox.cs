using System.Collections.Immutable;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>
/// Events on their way to the feed: many in one call, one call at a time, in order. Results are bounded by the number of targets; progress is
/// dropped while too much waits. A call that fails loses its events: who missed them reads the push.
/// </summary>
/// <param name="sendAsync">The call.</param>
/// <param name="failed">Told of calls that failed.</param>
internal sealed class EventOutbox(Func<ImmutableArray<UploadEvent>, Task> sendAsync, Action<Exception> failed)
{
    private const int Batch = 256;
    private const int MaxBeforeProgressIsDropped = 1_024;

    private readonly Queue<UploadEvent> _waiting = new();

    /// <summary>Completes when nothing waits; owned here.</summary>
    public Task Sending { get; private set; } = Task.CompletedTask;

    public void Add(UploadEvent next)
    {
        if (next.Kind == UploadEventKind.Progress && _waiting.Count >= MaxBeforeProgressIsDropped)
        {
            return;
        }

        _waiting.Enqueue(next);
        if (Sending.IsCompleted)
        {
            Sending = SendAsync();
        }
    }

    private async Task SendAsync()
    {
        await Task.Yield(); // what the same turn still adds goes along
        while (_waiting.Count > 0)
        {
            var batch = ImmutableArray.CreateBuilder<UploadEvent>();
            while (batch.Count < Batch && _waiting.TryDequeue(out UploadEvent? next))
            {
                batch.Add(next);
            }

            try
            {
                await sendAsync(batch.ToImmutable());
            }
            catch (Exception e) // the feed keeps nothing and neither does this: the push itself is what counts
            {
                failed(e);
            }
        }
    }
}

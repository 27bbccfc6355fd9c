using System.Collections.Immutable;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>
/// Events on their way to the feed: many in one call, one call at a time, in order. Results are bounded by the number of targets; progress is
/// dropped while too much waits. A call that fails is made again, which the feed's listeners can tell; only after <see cref="MaxTries"/> are its events lost.
/// </summary>
/// <param name="sendAsync">The call.</param>
/// <param name="failed">Told of events that are lost.</param>
/// <param name="clock">For the pauses between tries.</param>
internal sealed class EventOutbox(Func<ImmutableArray<UploadEvent>, Task> sendAsync, Action<Exception> failed, TimeProvider clock)
{
    private const int Batch = 256;
    private const int MaxBeforeProgressIsDropped = 1_024;

    /// <summary>With the pauses between them half a minute: a silo that dies is known to be dead by then.</summary>
    internal const int MaxTries = 8;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

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

            await SendAsync(batch.ToImmutable());
        }
    }

    private async Task SendAsync(ImmutableArray<UploadEvent> batch)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await sendAsync(batch);
                return;
            }
            catch (Exception e) // whatever a grain call may throw
            {
                if (attempt == MaxTries)
                {
                    failed(e); // who missed them reads the push
                    return;
                }

                await Task.Delay(FirstPause * (1 << (attempt - 1)), clock);
            }
        }
    }
}

using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>What the listeners hear of a push, and how far its targets are.</summary>
internal sealed class UploadNews(UploadId id, EventOutbox outbox)
{
    private readonly ProgressBoard _progress = new();
    private bool _releaseTold;

    /// <summary>Completes when nothing waits to be told.</summary>
    public Task Sending => outbox.Sending;

    /// <summary>When a target began, as far as this activation saw; null for one that was not seen to.</summary>
    public DateTimeOffset? StartedAt(ClientId client) => _progress.StartedAt(client);

    public UploadTargetView View(TargetState target) => target.View(_progress.BytesOf(target.Client), _progress.StartedAt(target.Client));

    /// <summary>A target was told to begin.</summary>
    public void Started(ClientId client, DateTimeOffset now) => _progress.Start(client, now);

    /// <summary>A target has fetched more.</summary>
    public void Fetched(UploadState push, TargetState target, long bytes, DateTimeOffset now)
    {
        if (_progress.Note(target.Client, bytes, now))
        {
            Tell(UploadEventKind.Progress, push, View(target));
        }
    }

    /// <summary>A target has ended.</summary>
    public void Ended(UploadState push, TargetState target)
    {
        _progress.Forget(target.Client);
        Tell(UploadEventKind.Result, push, View(target));
    }

    /// <summary>The payload is needed no more. True the first time, which is when the listeners are told.</summary>
    public bool Released(UploadState push)
    {
        if (_releaseTold)
        {
            return false;
        }

        Tell(UploadEventKind.PayloadReleased, push, null);
        return _releaseTold = true;
    }

    private void Tell(UploadEventKind kind, UploadState push, UploadTargetView? target) =>
        outbox.Add(new UploadEvent(kind, id, push.Request.CreatedBy, target, push.Request.Order.Size));
}

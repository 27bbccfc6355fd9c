using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>
/// The list of pushes: in memory here, stored in segments of which the last one grows and old ones shrink. There is no stored count of
/// segments: they are read in order up to the first one that is not full. Beyond <see cref="UploadRetention"/> a background task has the
/// pushes that are over forgotten, each first by its own grain and then here, so that one cut off in between is found again.
/// </summary>
[Reentrant]
internal sealed partial class UploadIndexGrain : Grain, IUploadIndexGrain
{
    internal const int SegmentLength = 256;
    private const int SegmentBatch = 16;
    private const int ForgetBatch = 64;

    private readonly IPersistentState<UploadIndexState> _store;
    private readonly UploadRetention _retention;
    private readonly ILogger<UploadIndexGrain> _logger;
    private readonly GroupCommit _commit;
    private readonly List<Entry> _entries = []; // durable, oldest first
    private readonly List<UploadId> _waiting = []; // to be written
    private readonly HashSet<UploadId> _known = []; // both
    private int _written; // where the next one goes: forgotten ones count
    private int _trimAt;
    private Task _trimming = Task.CompletedTask; // owned here; ends by itself, or at the next step once this grain leaves
    private bool _stopping;

    public UploadIndexGrain([PersistentState("index")] IPersistentState<UploadIndexState> store, UploadRetention retention, ILogger<UploadIndexGrain> logger)
    {
        _store = store;
        _retention = retention;
        _logger = logger;
        _commit = new GroupCommit(WriteAsync);
        _trimAt = retention.Keep + retention.Slack;
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _written = _store.State.First * SegmentLength;
        for (int first = _store.State.First; ; first += SegmentBatch)
        {
            UploadIndexSegmentState[] segments = await Task.WhenAll(Enumerable.Range(first, SegmentBatch).Select(number => Segment(number).GetAsync()));
            for (int i = 0; i < segments.Length; i++)
            {
                Keep(segments[i].Uploads.Where(_known.Add), first + i);
                _written += segments[i].Length;
            }

            if (segments.Any(segment => segment.Length < SegmentLength))
            {
                break;
            }
        }
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _stopping = true;
        return Task.CompletedTask;
    }

    public async Task AddAsync(UploadId upload)
    {
        if (_known.Add(upload))
        {
            _waiting.Add(upload);
        }

        if (_waiting.Count > 0 || !_commit.IsIdle)
        {
            await _commit.CommitAsync();
        }

        if (_entries.Count >= _trimAt && _trimming.IsCompleted && !_stopping)
        {
            _trimming = TrimAsync();
        }
    }

    public Task<UploadIndexPage> ListAsync(int offset, int limit)
    {
        int from = Math.Clamp(offset, 0, _entries.Count);
        int count = Math.Clamp(limit, 0, _entries.Count - from);
        var page = ImmutableArray.CreateBuilder<UploadId>(count);
        for (int i = 0; i < count; i++)
        {
            page.Add(_entries[_entries.Count - 1 - from - i].Upload);
        }

        return Task.FromResult(new UploadIndexPage(_entries.Count, page.MoveToImmutable()));
    }

    private async Task WriteAsync()
    {
        try
        {
            for (int left = _waiting.Count; left > 0;)
            {
                int number = _written / SegmentLength;
                ImmutableArray<UploadId> next = [.. _waiting.Take(Math.Min(SegmentLength - (_written % SegmentLength), left))];
                await Segment(number).AppendAsync(next);
                _waiting.RemoveRange(0, next.Length);
                Keep(next, number);
                _written += next.Length;
                left -= next.Length;
            }
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }

    private async Task TrimAsync()
    {
        await Task.Yield();
        try
        {
            foreach (Entry[] batch in _entries.Take(_entries.Count - _retention.Keep).Chunk(ForgetBatch).ToList())
            {
                if (_stopping)
                {
                    return;
                }

                await ForgetAsync(batch);
            }

            await DropEmptySegmentsAsync();
        }
        catch (Exception e) // nobody waits for this task: a later push begins it again
        {
            LogTrimFailed(_logger, e);
        }

        _trimAt = Math.Max(_retention.Keep, _entries.Count) + _retention.Slack;
    }

    private async Task ForgetAsync(Entry[] batch)
    {
        bool[] forgotten = await Task.WhenAll(batch.Select(entry => GrainFactory.GetGrain<IUploadGrain>(entry.Upload.Value).ForgetAsync()));
        if (_stopping)
        {
            return; // found again: a push that is not there counts as forgotten
        }

        HashSet<Entry> gone = [.. batch.Zip(forgotten).Where(pair => pair.Second).Select(pair => pair.First)];
        foreach (IGrouping<int, Entry> segment in gone.GroupBy(entry => entry.Segment))
        {
            await Segment(segment.Key).ForgetAsync([.. segment.Select(entry => entry.Upload)]);
        }

        _entries.RemoveAll(gone.Contains);
        _known.ExceptWith(gone.Select(entry => entry.Upload));
    }

    /// <summary>Segments forgotten as a whole are read no more, and then removed; never the one that the next push goes to.</summary>
    private async Task DropEmptySegmentsAsync()
    {
        if (_stopping)
        {
            return;
        }

        int before = _store.State.First;
        int first = _entries.Count > 0 ? _entries[0].Segment : _written / SegmentLength;
        if (first == before)
        {
            return;
        }

        _store.State = new UploadIndexState { First = first };
        try
        {
            await _store.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }

        for (int number = before; number < first; number++)
        {
            await Segment(number).ClearAsync();
        }
    }

    private void Keep(IEnumerable<UploadId> uploads, int segment) => _entries.AddRange(uploads.Select(upload => new Entry(upload, segment)));

    private IUploadIndexSegmentGrain Segment(int number) =>
        GrainFactory.GetGrain<IUploadIndexSegmentGrain>(number.ToString(CultureInfo.InvariantCulture));

    private readonly record struct Entry(UploadId Upload, int Segment);

    [LoggerMessage(2030, LogLevel.Warning, "Old pushes could not be forgotten; it will be tried again.")]
    private static partial void LogTrimFailed(ILogger logger, Exception exception);
}

/// <summary>What of the list is not in its segments.</summary>
[GenerateSerializer]
internal sealed record UploadIndexState
{
    /// <summary>The first segment that is not forgotten as a whole.</summary>
    [Id(0)] public int First { get; init; }
}

using System.Collections.Immutable;
using System.Globalization;
using Orleans;
using Orleans.Concurrency;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>
/// The list of all pushes: in memory here, stored in segments of which only the last one is ever written. There is no stored count of
/// segments: they are read in order up to the first empty one, so that no two records have to agree.
/// </summary>
[Reentrant]
internal sealed class UploadIndexGrain : Grain, IUploadIndexGrain
{
    internal const int SegmentLength = 256;
    private const int Batch = 16;

    private readonly List<UploadId> _uploads = []; // oldest first
    private readonly HashSet<UploadId> _known = [];
    private readonly GroupCommit _commit;
    private int _durable;

    public UploadIndexGrain() => _commit = new GroupCommit(WriteAsync);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        for (int first = 0; ; first += Batch)
        {
            ImmutableArray<UploadId>[] segments = await Task.WhenAll(Enumerable.Range(first, Batch).Select(number => Segment(number).GetAsync()));
            foreach (UploadId upload in segments.SelectMany(segment => segment).Where(_known.Add))
            {
                _uploads.Add(upload);
            }

            if (segments.Any(segment => segment.Length < SegmentLength))
            {
                break;
            }
        }

        _durable = _uploads.Count;
    }

    public Task AddAsync(UploadId upload)
    {
        if (_known.Add(upload))
        {
            _uploads.Add(upload);
        }

        return _durable == _uploads.Count && _commit.IsIdle ? Task.CompletedTask : _commit.CommitAsync();
    }

    public Task<UploadIndexPage> ListAsync(int offset, int limit)
    {
        int from = Math.Clamp(offset, 0, _durable);
        int count = Math.Clamp(limit, 0, _durable - from);
        var page = ImmutableArray.CreateBuilder<UploadId>(count);
        for (int i = 0; i < count; i++)
        {
            page.Add(_uploads[_durable - 1 - from - i]);
        }

        return Task.FromResult(new UploadIndexPage(_durable, page.MoveToImmutable()));
    }

    private async Task WriteAsync()
    {
        int upTo = _uploads.Count;
        try
        {
            while (_durable < upTo)
            {
                int room = SegmentLength - (_durable % SegmentLength);
                int count = Math.Min(room, upTo - _durable);
                await Segment(_durable / SegmentLength).AppendAsync([.. _uploads.Skip(_durable).Take(count)]);
                _durable += count;
            }
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }

    private IUploadIndexSegmentGrain Segment(int number) =>
        GrainFactory.GetGrain<IUploadIndexSegmentGrain>(number.ToString(CultureInfo.InvariantCulture));
}

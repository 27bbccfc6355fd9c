using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>A push in memory and in storage: the order is written once, the results by writes that many changes share.</summary>
internal sealed class UploadLedger
{
    private readonly IPersistentState<UploadOrderDocument> _order;
    private readonly IPersistentState<UploadResultsDocument> _results;
    private readonly Action _distrust;
    private readonly GroupCommit _commit;

    /// <param name="order">Where the order is stored.</param>
    /// <param name="results">Where the results are stored.</param>
    /// <param name="distrust">Called when a write has failed: what is in memory may be ahead of storage, and must be read again.</param>
    public UploadLedger(IPersistentState<UploadOrderDocument> order, IPersistentState<UploadResultsDocument> results, Action distrust)
    {
        _order = order;
        _results = results;
        _distrust = distrust;
        _commit = new GroupCommit(WriteResultsAsync);
    }

    /// <summary>With changes that are not yet written; null where there is no push.</summary>
    public UploadState? Present { get; private set; }

    /// <summary>As storage holds it: what readers see.</summary>
    public UploadState? Durable { get; private set; }

    /// <summary>Completes when the write that runs has ended.</summary>
    public Task Writing => _commit.Writing;

    /// <summary>Takes over what storage holds.</summary>
    public void Load()
    {
        if (_order.RecordExists && _order.State.Request is { } request)
        {
            Present = Durable = _results.RecordExists ? _results.State.ToState(_order.State) : UploadState.Create(request, _order.State.CreatedAt);
        }
    }

    public async Task CreateAsync(UploadRequest request, DateTimeOffset now)
    {
        try
        {
            if (_results.RecordExists)
            {
                await _results.ClearStateAsync(); // of a push of the same name whose forgetting was cut off
            }

            _order.State = new UploadOrderDocument { Request = request, CreatedAt = now };
            await _order.WriteStateAsync();
        }
        catch
        {
            _distrust();
            throw;
        }

        Present = Durable = UploadState.Create(request, now);
    }

    /// <summary>Makes a state the present one and waits until it is durable.</summary>
    public Task ChangeAsync(UploadState next)
    {
        Present = next;
        return ReferenceEquals(next, Durable) ? Task.CompletedTask : _commit.CommitAsync(); // also for a repeated call whose first one has not landed yet
    }

    /// <summary>Whether the push is over and every change of it is durable, so that it may be forgotten.</summary>
    public bool MayForget => Present is null or { IsOver: true } && ReferenceEquals(Present, Durable) && _commit.IsIdle;

    /// <summary>Removes the push from storage. The order goes first: results without an order are no push, an order without results would be a new one.</summary>
    public async Task ForgetAsync()
    {
        Present = Durable = null;
        try
        {
            if (_order.RecordExists)
            {
                await _order.ClearStateAsync();
            }

            if (_results.RecordExists)
            {
                await _results.ClearStateAsync();
            }
        }
        catch
        {
            _distrust();
            throw;
        }
    }

    private async Task WriteResultsAsync()
    {
        UploadState written = Present!;
        _results.State = UploadResultsDocument.From(written);
        try
        {
            await _results.WriteStateAsync();
        }
        catch
        {
            _distrust();
            throw;
        }

        Durable = written;
    }
}

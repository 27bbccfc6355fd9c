using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Clients;

/// <summary>One shard of the list of clients. Reentrant, so that many new clients share a storage write.</summary>
[Reentrant]
internal sealed class ClientDirectoryGrain : Grain, IClientDirectoryGrain
{
    private const int Batch = 64;

    private readonly IPersistentState<ClientDirectoryState> _store;
    private readonly GroupCommit _commit;
    private readonly Dictionary<ClientId, ClientRecord> _records = [];
    private ClientDirectoryState _state = new();
    private int _connected;

    public ClientDirectoryGrain([PersistentState("clients")] IPersistentState<ClientDirectoryState> store)
    {
        _store = store;
        _commit = new GroupCommit(WriteAsync);
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _state = _store.State;
        foreach (string[] batch in _state.Clients.Chunk(Batch))
        {
            ClientRecord?[] records = await Task.WhenAll(batch.Select(id => GrainFactory.GetGrain<IClientGrain>(id).GetAsync()));
            foreach (ClientRecord? record in records)
            {
                if (record is not null) // null: deleted, and the removal here was cut off
                {
                    Keep(record);
                }
            }
        }
    }

    public Task PutAsync(ClientRecord record)
    {
        Keep(record);
        return ApplyAsync(_state.Clients.Contains(record.Id.Value) ? _state : _state with { Clients = _state.Clients.Add(record.Id.Value) });
    }

    public Task RemoveAsync(ClientId client)
    {
        if (_records.Remove(client, out ClientRecord? gone) && gone.Connected)
        {
            _connected--;
        }

        return ApplyAsync(_state.Clients.Contains(client.Value) ? _state with { Clients = _state.Clients.Remove(client.Value) } : _state);
    }

    public Task<ClientPage> QueryAsync(ClientQuery query)
    {
        var matcher = new ClientMatcher(query.Filters);
        var first = new TopClients(query.Sorts, (int)Math.Clamp((long)query.Offset + query.Limit, 0, _records.Count));
        foreach (ClientRecord record in _records.Values)
        {
            if (matcher.Matches(record))
            {
                first.Add(record);
            }
        }

        return Task.FromResult(new ClientPage(first.Total, first.Take()));
    }

    public Task<ImmutableArray<ClientRecord>> FindAsync(ImmutableArray<ClientId> clients)
    {
        var found = ImmutableArray.CreateBuilder<ClientRecord>(clients.Length);
        foreach (ClientId client in clients)
        {
            if (_records.TryGetValue(client, out ClientRecord? record))
            {
                found.Add(record);
            }
        }

        return Task.FromResult(found.ToImmutable());
    }

    public Task<ImmutableArray<ClientRecord>> FindWithTunnelsAsync() =>
        Task.FromResult<ImmutableArray<ClientRecord>>([.. _records.Values.Where(record => record.Connected && !record.Tunnels.IsEmpty).OrderBy(record => record.Id)]);

    public Task<ClientCounts> CountAsync() => Task.FromResult(new ClientCounts(_connected, _records.Count - _connected));

    private void Keep(ClientRecord record)
    {
        if (_records.TryGetValue(record.Id, out ClientRecord? before) && before.Connected)
        {
            _connected--;
        }

        _records[record.Id] = record;
        if (record.Connected)
        {
            _connected++;
        }
    }

    private Task ApplyAsync(ClientDirectoryState next)
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
}

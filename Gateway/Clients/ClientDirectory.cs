using System.Collections.Immutable;
using Orleans;
using RPort.Gateway.Errors;
using RPort.Gateway.Queries;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Clients;

/// <summary>All clients, asked of every directory shard at once and merged.</summary>
internal sealed class ClientDirectory(IGrainFactory grains)
{
    /// <summary>A page of the clients that match.</summary>
    public async Task<ClientPage> QueryAsync(ListQuery query)
    {
        if (query.Filters.Any(f => f.Fields is [ClientListShape.Groups]))
        {
            return new ClientPage(0, []);
        }

        ImmutableArray<ClientSort> sorts = [.. query.Sorts.Select(s => new ClientSort(s.Field, s.Descending))];
        ImmutableArray<ClientFilter> filters = [.. query.Filters.Select(f => new ClientFilter(f.Fields.Remove(ClientListShape.Groups), f.Values, f.AllValues))];
        ClientPage[] pages = await AskAllAsync(new ClientQuery(filters, sorts, query.Offset, query.Limit));
        return new ClientPage(
            pages.Sum(p => p.Total),
            [.. pages.SelectMany(p => p.Clients).Order(ClientFields.Order(sorts)).Skip(query.Offset).Take(query.Limit)]);
    }

    /// <summary>Every client that matches the filters, in order of id.</summary>
    public async Task<IReadOnlyList<ClientRecord>> ListAsync(params ImmutableArray<ClientFilter> filters)
    {
        ClientPage[] pages = await AskAllAsync(new ClientQuery(filters, [], 0, int.MaxValue));
        return [.. pages.SelectMany(p => p.Clients).OrderBy(c => c.Id)];
    }

    /// <summary>The client, or null. Asks the directory, since a call to its grain would wake one for any invented id.</summary>
    public async Task<ClientRecord?> FindAsync(ClientId client) =>
        (await grains.GetGrain<IClientDirectoryGrain>(ClientDirectoryShards.KeyOf(client)).FindAsync([client])).FirstOrDefault();

    /// <summary>Those of the clients that exist.</summary>
    public async Task<IReadOnlyDictionary<ClientId, ClientRecord>> FindAsync(IEnumerable<ClientId> clients)
    {
        ImmutableArray<ClientRecord>[] found = await Task.WhenAll(clients
            .GroupBy(ClientDirectoryShards.KeyOf)
            .Select(shard => grains.GetGrain<IClientDirectoryGrain>(shard.Key).FindAsync([.. shard])));
        return found.SelectMany(records => records).ToDictionary(record => record.Id);
    }

    /// <summary>The client, or an <see cref="ApiFailureException"/> (404).</summary>
    public async Task<ClientRecord> GetAsync(string clientId) =>
        ClientId.TryParse(clientId, null, out ClientId id) && await FindAsync(id) is { } record
            ? record
            : throw new ApiFailureException(ClientEndpoints.NotFound(clientId));

    /// <summary>Connected clients that have tunnels, in order of id.</summary>
    public async Task<IReadOnlyList<ClientRecord>> FindWithTunnelsAsync()
    {
        ImmutableArray<ClientRecord>[] found = await Task.WhenAll(ClientDirectoryShards.Keys.Select(key => grains.GetGrain<IClientDirectoryGrain>(key).FindWithTunnelsAsync()));
        return [.. found.SelectMany(records => records).OrderBy(record => record.Id)];
    }

    /// <summary>How many clients there are.</summary>
    public async Task<ClientCounts> CountAsync()
    {
        ClientCounts[] counts = await Task.WhenAll(ClientDirectoryShards.Keys.Select(key => grains.GetGrain<IClientDirectoryGrain>(key).CountAsync()));
        return new ClientCounts(counts.Sum(c => c.Connected), counts.Sum(c => c.Disconnected));
    }

    private Task<ClientPage[]> AskAllAsync(ClientQuery query) =>
        Task.WhenAll(ClientDirectoryShards.Keys.Select(key => grains.GetGrain<IClientDirectoryGrain>(key).QueryAsync(query)));
}

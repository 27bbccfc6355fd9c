using System.Collections.Immutable;
using Orleans;

namespace RPort.Grains.Abstractions;

/// <summary>
/// One shard of the list of all clients. Key: the shard's number, from <see cref="ClientDirectoryShards"/>. Which clients exist is durable;
/// their records are a cache the client grains keep fresh and a new activation fills by asking them.
/// </summary>
[Alias("rport.IClientDirectoryGrain")]
public interface IClientDirectoryGrain : IGrainWithStringKey
{
    /// <summary>A client is new or has changed. Durable for a new one before it answers.</summary>
    [SafeToRepeat]
    Task PutAsync(ClientRecord record);

    /// <summary>A client is forgotten.</summary>
    [SafeToRepeat]
    Task RemoveAsync(ClientId client);

    /// <summary>This shard's matches: how many there are, and the first <c>Offset + Limit</c> of them in order (the caller merges the shards).</summary>
    [SafeToRepeat]
    Task<ClientPage> QueryAsync(ClientQuery query);

    /// <summary>The records of those of the given clients that exist.</summary>
    [SafeToRepeat]
    Task<ImmutableArray<ClientRecord>> FindAsync(ImmutableArray<ClientId> clients);

    /// <summary>The records of this shard's connected clients that have tunnels, in order of id.</summary>
    [SafeToRepeat]
    Task<ImmutableArray<ClientRecord>> FindWithTunnelsAsync();

    /// <summary>How many clients this shard holds.</summary>
    [SafeToRepeat]
    Task<ClientCounts> CountAsync();
}

using Microsoft.Extensions.Logging;
using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Clients;

/// <summary>A client's line in the directory. Only a cache there: what is durable at the client is not undone because the directory cannot be reached.</summary>
/// <param name="client">Which client.</param>
/// <param name="grains">The way to the directory.</param>
/// <param name="view">The line as it should be; null for none.</param>
/// <param name="logger">For failures.</param>
internal sealed partial class DirectoryEntry(ClientId client, IGrainFactory grains, Func<ClientRecord?> view, ILogger logger)
{
    /// <summary>
    /// A shard that starts asks its clients for their records. While the silo stops, one of them may be waiting here for that very shard:
    /// somebody has to give up. On the machine's clock, since it bounds a wait and decides nothing.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The directory has yet to be told of the latest change.</summary>
    public bool IsStale { get; private set; }

    private IClientDirectoryGrain Shard => grains.GetGrain<IClientDirectoryGrain>(ClientDirectoryShards.KeyOf(client));

    public void MarkStale() => IsStale = true;

    /// <summary>Tells the directory if it has yet to be told. A failure leaves the entry stale.</summary>
    public async Task FreshenAsync()
    {
        if (!IsStale || view() is not { } record)
        {
            return;
        }

        try
        {
            await Shard.PutAsync(record).WaitAsync(Patience);
            IsStale = false;
        }
        catch (Exception e) // whatever keeps the shard from answering: the upkeep timer tries again
        {
            LogStale(logger, client, e);
        }
    }

    /// <summary>Tells the directory; a failure is the caller's.</summary>
    public async Task PutAsync()
    {
        await Shard.PutAsync(view()!);
        IsStale = false;
    }

    public Task RemoveAsync() => Shard.RemoveAsync(client);

    [LoggerMessage(2004, LogLevel.Warning, "Client {Client}: the directory could not be told; it will be told again.")]
    private static partial void LogStale(ILogger logger, ClientId client, Exception exception);
}

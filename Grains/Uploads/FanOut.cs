using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>
/// Which targets of a push still want their order handed out, and which connected ones are under way. Only in memory: a new activation hands
/// out everything again, which changes nothing for those who have it.
/// </summary>
/// <param name="maxConcurrent">Connected targets under way at a time; 0 for no bound.</param>
internal sealed class FanOut(int maxConcurrent)
{
    /// <summary>A target that shows no progress for this long gives its place to the next one; it stays pending.</summary>
    internal static readonly TimeSpan StalledAfter = TimeSpan.FromSeconds(60);

    private readonly Queue<ClientId> _waiting = new();
    private readonly HashSet<ClientId> _waitingSet = [];
    private readonly Dictionary<ClientId, DateTimeOffset> _underWay = [];
    private readonly List<ClientId> _failed = [];

    public int UnderWay => _underWay.Count;

    public void Add(ClientId client)
    {
        if (_waitingSet.Add(client))
        {
            _waiting.Enqueue(client);
        }
    }

    /// <summary>The next targets to hand the order to; each takes a place until <see cref="End"/> or <see cref="Fail"/>.</summary>
    public List<ClientId> Take(int most, DateTimeOffset now)
    {
        int room = maxConcurrent <= 0 ? most : Math.Min(most, maxConcurrent - _underWay.Count);
        var batch = new List<ClientId>();
        while (batch.Count < room && _waiting.TryDequeue(out ClientId client))
        {
            _waitingSet.Remove(client);
            _underWay[client] = now;
            batch.Add(client);
        }

        return batch;
    }

    /// <summary>The target fetches: its place is its own for a while longer.</summary>
    public void Renew(ClientId client, DateTimeOffset now)
    {
        if (_underWay.ContainsKey(client))
        {
            _underWay[client] = now;
        }
    }

    /// <summary>The target needs its place no more.</summary>
    public void End(ClientId client) => _underWay.Remove(client);

    /// <summary>The order did not reach the target's grain: it is tried again after <see cref="Revive"/>.</summary>
    public void Fail(ClientId client)
    {
        End(client);
        _failed.Add(client);
    }

    /// <summary>Failed ones wait again, stalled ones lose their place.</summary>
    public void Revive(DateTimeOffset now)
    {
        _failed.ForEach(Add);
        _failed.Clear();
        foreach (ClientId stalled in _underWay.Where(entry => now - entry.Value >= StalledAfter).Select(entry => entry.Key).ToList())
        {
            _underWay.Remove(stalled);
        }
    }
}

using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>A session's tunnels, those being made, and the ids of those that are gone. Thread-safe.</summary>
internal sealed class TunnelTable(int maxTunnels)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<TunnelId, TunnelEntry> _entries = [];
    private readonly List<TunnelSpec> _making = [];

    // Ids are never given out again, so this only keeps late news of a tunnel from opening it anew.
    private readonly HashSet<TunnelId> _gone = [];
    private bool _closed;

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count == 0;
            }
        }
    }

    public IReadOnlyList<TunnelEntry> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _entries.Values];
            }
        }
    }

    /// <summary>Takes a place for a tunnel that is being made, until <see cref="Made"/>; null: taken.</summary>
    public Refused? TryBegin(TunnelSpec spec)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return new Refused(RefusalReason.NotConnected);
            }

            if (_entries.Values.Select(entry => entry.Record.Spec).Concat(_making).Select(other => Conflict(spec, other)).FirstOrDefault(c => c is not null) is { } conflict)
            {
                return conflict;
            }

            if (_entries.Count + _making.Count >= maxTunnels)
            {
                return new Refused(RefusalReason.TooManyTunnels, $"{maxTunnels}");
            }

            _making.Add(spec);
            return null;
        }
    }

    /// <summary>The tunnel is made, or came to nothing.</summary>
    public void Made(TunnelSpec spec)
    {
        lock (_gate)
        {
            _making.RemoveAt(_making.FindIndex(other => ReferenceEquals(other, spec)));
        }
    }

    /// <summary>Keeps an entry; false: the session is over, or there is one of that id, or it is gone already.</summary>
    public bool TryAdd(TunnelEntry entry)
    {
        lock (_gate)
        {
            return !_closed && !_gone.Contains(entry.Record.Id) && _entries.TryAdd(entry.Record.Id, entry);
        }
    }

    /// <summary>Keeps an entry for a new tunnel; null: the session is over, or the tunnel is gone already. News of it may have come first.</summary>
    public TunnelEntry? AddOrFind(TunnelRecord record)
    {
        TunnelEntry entry = new(record);
        return TryAdd(entry) ? entry : Find(record.Id);
    }

    public TunnelEntry? Find(TunnelId id)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault(id);
        }
    }

    /// <summary>Gives an entry its open ports; false: it is gone meanwhile.</summary>
    public bool TryOpen(TunnelEntry entry, Tunnel tunnel)
    {
        lock (_gate)
        {
            if (_closed || entry.Open is not null || !_entries.ContainsKey(entry.Record.Id))
            {
                return false;
            }

            entry.Open = tunnel;
            entry.Obstacle = "";
            return true;
        }
    }

    /// <summary>Takes an entry out for good; false: somebody else did.</summary>
    public bool Remove(TunnelId id)
    {
        lock (_gate)
        {
            _gone.Add(id);
            return _entries.Remove(id);
        }
    }

    /// <summary>The session is over: no more entries. Answers those there are.</summary>
    public IReadOnlyList<TunnelEntry> Close()
    {
        lock (_gate)
        {
            _closed = true;
            TunnelEntry[] entries = [.. _entries.Values];
            _entries.Clear();
            return entries;
        }
    }

    private static Refused? Conflict(TunnelSpec wanted, TunnelSpec other)
    {
        bool sameTarget = wanted.RemotePort == other.RemotePort
            && wanted.RemoteHost.Equals(other.RemoteHost, StringComparison.OrdinalIgnoreCase)
            && (wanted.Protocol & other.Protocol) != 0;
        if (!sameTarget)
        {
            return null;
        }

        if (wanted.LocalPort != 0 && wanted.LocalPort == other.LocalPort && wanted.LocalHost == other.LocalHost)
        {
            return new Refused(RefusalReason.TunnelExists);
        }

        return wanted.Acl == other.Acl ? new Refused(RefusalReason.TunnelToTargetExists) : null;
    }
}

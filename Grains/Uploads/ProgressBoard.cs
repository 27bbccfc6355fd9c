using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>How far each pending target is. Only in memory: what a crash loses, the next report of progress brings back.</summary>
internal sealed class ProgressBoard
{
    /// <summary>An event per target is passed on no more often than this.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>With many targets under way each has to wait longer, so that a push passes on no more than a thousand events a second.</summary>
    private static readonly TimeSpan IntervalPerTarget = TimeSpan.FromMilliseconds(1);

    private readonly Dictionary<ClientId, Entry> _entries = [];

    public long BytesOf(ClientId client) => _entries.TryGetValue(client, out Entry entry) ? entry.Bytes : 0;

    public DateTimeOffset? StartedAt(ClientId client) => _entries.TryGetValue(client, out Entry entry) ? entry.StartedAt : null;

    public void Start(ClientId client, DateTimeOffset now) => _entries.TryAdd(client, new Entry(0, now, DateTimeOffset.MinValue));

    /// <summary>Notes the bytes; true where the listeners should be told now.</summary>
    public bool Note(ClientId client, long bytes, DateTimeOffset now)
    {
        Entry entry = _entries.GetValueOrDefault(client, new Entry(0, now, DateTimeOffset.MinValue));
        TimeSpan interval = TimeSpan.FromTicks(Math.Max(Interval.Ticks, IntervalPerTarget.Ticks * _entries.Count));
        bool tell = now - entry.ToldAt >= interval;
        _entries[client] = new Entry(bytes, entry.StartedAt, tell ? now : entry.ToldAt);
        return tell;
    }

    public void Forget(ClientId client) => _entries.Remove(client);

    private readonly record struct Entry(long Bytes, DateTimeOffset StartedAt, DateTimeOffset ToldAt);
}

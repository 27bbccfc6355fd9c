namespace RPort.Agent.Files;

/// <summary>Lets one push at a time work on a destination, in the order they asked.</summary>
internal sealed class DestinationLocks(StringComparison comparison)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.FromComparison(comparison));

    public async Task<IDisposable> EnterAsync(FilePath destination, CancellationToken cancellationToken)
    {
        Entry? entry;
        lock (_gate)
        {
            if (!_entries.TryGetValue(destination.Text, out entry)) { _entries[destination.Text] = entry = new Entry(); }
            entry.Users++;
        }

        try
        {
            await entry.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Leave(destination, entry);
            throw;
        }

        return new Holder(this, destination, entry);
    }

    private void Leave(FilePath destination, Entry entry)
    {
        lock (_gate)
        {
            if (--entry.Users > 0) { return; }
            _entries.Remove(destination.Text);
        }

        entry.Turn.Dispose();
    }

    private sealed class Entry
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);
        public int Users { get; set; }
    }

    private sealed class Holder(DestinationLocks owner, FilePath destination, Entry entry) : IDisposable
    {
        public void Dispose()
        {
            entry.Turn.Release();
            owner.Leave(destination, entry);
        }
    }
}

using Microsoft.Extensions.Options;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Payloads.Blob;

/// <summary>The copies this gateway serves agents from: one per payload, kept while somebody reads it and for a while after.</summary>
internal sealed partial class BlobPayloadCache : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UploadId, Entry> _entries = [];
    private readonly BlobNames _names;
    private readonly PayloadOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<BlobPayloadCache> _logger;
    private readonly string _folder;
    private readonly ITimer _eviction;
    private Task _endings = Task.CompletedTask; // copies on their way out; awaited by DisposeAsync

    public BlobPayloadCache(BlobNames names, IOptions<PayloadOptions> options, TimeProvider clock, ILogger<BlobPayloadCache> logger)
    {
        _names = names;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
        _folder = Path.GetFullPath(_options.CacheFolder);
        Directory.CreateDirectory(_folder);
        foreach (string copy in Directory.EnumerateFiles(_folder, "*.copy"))
        {
            File.Delete(copy); // of an earlier run: nobody knows how much of it had arrived
        }

        _eviction = clock.CreateTimer(_ => Evict(entry => entry.IdleSince is { } since && clock.GetUtcNow() - since > _options.CacheIdle), null, _options.CacheIdle / 4, _options.CacheIdle / 4);
    }

    /// <summary>A reader of this payload; null when there is none. Waits while the storage is away.</summary>
    public async Task<IPayloadReader?> OpenAsync(UploadId upload, CancellationToken cancellationToken)
    {
        Entry entry = Acquire(upload);
        try
        {
            if (await entry.Payload.Found.WaitAsync(cancellationToken))
            {
                return new Reader(this, entry);
            }
        }
        catch
        {
            Release(entry);
            throw;
        }

        Release(entry);
        return null;
    }

    /// <summary>Drops the copy; who reads it may still finish what has arrived.</summary>
    public void Forget(UploadId upload) => Evict(entry => entry.Upload == upload);

    public async ValueTask DisposeAsync()
    {
        await _eviction.DisposeAsync();
        Entry[] all;
        lock (_gate)
        {
            all = [.. _entries.Values];
            _entries.Clear();
        }

        foreach (Entry entry in all)
        {
            await entry.Payload.DisposeAsync();
        }

        await _endings;
    }

    private Entry Acquire(UploadId upload)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(upload, out Entry? entry) || entry.Payload.Failed)
            {
                if (entry is { Readers: 0 })
                {
                    End(entry);
                }

                string path = Path.Combine(_folder, $"{Guid.NewGuid():N}.copy");
                entry = new Entry(upload, new CachedPayload(_names, upload, path, _options.BlobTimeout, _clock, _logger));
                _entries[upload] = entry;
            }

            entry.Readers++;
            entry.IdleSince = null;
            return entry;
        }
    }

    private void Release(Entry entry)
    {
        lock (_gate)
        {
            entry.Readers--;
            if (entry.Readers > 0)
            {
                return;
            }

            entry.IdleSince = _clock.GetUtcNow();
            bool listed = _entries.TryGetValue(entry.Upload, out Entry? current) && current == entry;
            if (!listed || entry.Payload.Failed)
            {
                if (listed)
                {
                    _entries.Remove(entry.Upload);
                }

                End(entry);
            }
        }
    }

    private void Evict(Func<Entry, bool> which)
    {
        lock (_gate)
        {
            foreach (Entry entry in _entries.Values.Where(which).ToArray())
            {
                _entries.Remove(entry.Upload);
                if (entry.Readers == 0)
                {
                    End(entry); // otherwise its last reader does
                }
            }
        }
    }

    /// <summary>Ends a copy nobody can reach any more. Called under the lock.</summary>
    private void End(Entry entry)
    {
        Task ending = EndAsync(entry);
        _endings = _endings.IsCompleted ? ending : Task.WhenAll(_endings, ending);
    }

    private async Task EndAsync(Entry entry)
    {
        try
        {
            await entry.Payload.DisposeAsync();
        }
        catch (IOException e)
        {
            LogCopyStays(_logger, entry.Upload, e);
        }
    }

    [LoggerMessage(4051, LogLevel.Warning, "The copy of payload {Upload} could not be deleted; the next start does it")]
    private static partial void LogCopyStays(ILogger logger, UploadId upload, Exception exception);

    private sealed class Entry(UploadId upload, CachedPayload payload)
    {
        public UploadId Upload => upload;

        public CachedPayload Payload => payload;

        public int Readers { get; set; }

        public DateTimeOffset? IdleSince { get; set; }
    }

    private sealed class Reader(BlobPayloadCache cache, Entry entry) : IPayloadReader
    {
        private int _disposed;

        public long Length => entry.Payload.Length;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) => entry.Payload.ReadAsync(offset, buffer, cancellationToken);

        public ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                cache.Release(entry);
            }

            return ValueTask.CompletedTask;
        }
    }
}

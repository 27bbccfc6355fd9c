using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace RPort.Silo.Storage;

/// <summary>
/// The SQLite file behind grain storage. Writes go through one queue to one writer, which puts all that wait into one transaction: the disk
/// is asked to flush once per batch and not once per change. Reads go beside it on connections of their own. After a failed batch the writer
/// starts over with a fresh connection, so that a disk that was full or a file that was locked needs no restart.
/// </summary>
public sealed partial class SqliteStore : IHostedService, IAsyncDisposable
{
    private const int MaxBatch = 1_000;
    private const long MaxBatchBytes = 16 << 20;

    private readonly SqliteStorageOptions _options;
    private readonly ILogger<SqliteStore> _logger;
    private readonly Channel<StateWrite> _queue;
    private readonly ConcurrentBag<SqliteReader> _readers = [];
    private readonly SemaphoreSlim _writing = new(1, 1);
    private SqliteBatchWriter? _writer;
    private Task _loop = Task.CompletedTask;
    private FileStream? _lock; // held as long as the store is open
    private bool _failing;

    /// <summary>Opens nothing yet: see <see cref="StartAsync"/>.</summary>
    public SqliteStore(SqliteStorageOptions options, ILogger<SqliteStore> logger)
    {
        _options = options;
        _logger = logger;
        _queue = Channel.CreateBounded<StateWrite>(new BoundedChannelOptions(_options.MaxQueuedWrites) { SingleReader = true });
    }

    /// <summary>Opens the file, and creates it where there is none.</summary>
    /// <exception cref="GrainStorageException">It cannot be used; the message says why.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            CreateFile();
            _lock = _options.Exclusive ? TakeLock() : null;
            SqliteConnection connection = SqliteSchema.Open(_options);
            SqliteSchema.Prepare(connection, _options.File);
            _writer = new SqliteBatchWriter(connection);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw SqliteFailure.Describe(_options.File, e);
        }

        _loop = WriteBatchesAsync();
        return Task.CompletedTask;
    }

    /// <summary>Everything queued is written first. Hosts stop this after the silo, which still writes while it stops.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        return _loop.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop;
        _writer?.Dispose();
        _writer = null;
        while (_readers.TryTake(out SqliteReader? reader))
        {
            reader.Dispose();
        }

        _lock?.Dispose();
        _lock = null;
    }

    internal async Task<StateWriteResult> WriteAsync(StateWrite write)
    {
        try
        {
            await _queue.Writer.WriteAsync(write);
        }
        catch (ChannelClosedException e)
        {
            throw new GrainStorageException($"Grain state in '{_options.File}': the storage is closing.", e);
        }

        return await write.Done;
    }

    internal StoredState? Read(StateKey key)
    {
        SqliteReader? reader = null;
        try
        {
            reader = _readers.TryTake(out SqliteReader? idle) ? idle : new SqliteReader(SqliteSchema.Open(_options));
            StoredState? found = reader.Read(key);
            _readers.Add(reader);
            return found;
        }
        catch (SqliteException e)
        {
            reader?.Dispose();
            throw SqliteFailure.Describe(_options.File, e);
        }
    }

    /// <summary>Writes a mark, to find out whether writes reach the disk.</summary>
    internal async Task ProbeAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            Writer().Probe();
        }
        catch (SqliteException e)
        {
            DropWriter();
            throw SqliteFailure.Describe(_options.File, e);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task WriteBatchesAsync()
    {
        await Task.Yield(); // the starting host goes on
        var batch = new List<StateWrite>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            long bytes = 0;
            while (batch.Count < MaxBatch && bytes < MaxBatchBytes && _queue.Reader.TryRead(out StateWrite? write))
            {
                batch.Add(write);
                bytes += write.Payload?.Length ?? 0;
            }

            await _writing.WaitAsync();
            try
            {
                Write(batch);
            }
            finally
            {
                _writing.Release();
            }

            batch.Clear();
        }
    }

    private void Write(List<StateWrite> batch)
    {
        try
        {
            StateWriteResult[] results = Writer().Write(batch);
            for (int i = 0; i < results.Length; i++)
            {
                batch[i].Succeed(results[i]);
            }

            if (_failing)
            {
                _failing = false;
                LogRecovered(_logger, _options.File);
            }
        }
        catch (Exception e) // whatever it was, all who wait must hear of it and the loop must go on
        {
            DropWriter();
            GrainStorageException reason = SqliteFailure.Describe(_options.File, e);
            if (!_failing)
            {
                _failing = true;
                LogFailed(_logger, reason.Message, e);
            }

            batch.ForEach(write => write.Fail(reason));
        }
    }

    private SqliteBatchWriter Writer() => _writer ??= new SqliteBatchWriter(SqliteSchema.Open(_options));

    private void DropWriter()
    {
        _writer?.Dispose();
        _writer = null;
    }

    /// <summary>The lock ends with the process, however that ends; the file stays and means nothing.</summary>
    private FileStream TakeLock()
    {
        try
        {
            return new FileStream(_options.File + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new GrainStorageException($"Grain state in '{_options.File}' is in use by another process.", e);
        }
    }

    /// <summary>Readable by this user only: inventories and pushes are nobody else's business. SQLite gives its side files the same mode.</summary>
    private void CreateFile()
    {
        string path = Path.GetFullPath(_options.File);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!File.Exists(path))
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            new FileStream(path, options).Dispose();
        }
    }

    [LoggerMessage(3000, LogLevel.Error, "Grain state is not being written. {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason, Exception exception);

    [LoggerMessage(3001, LogLevel.Information, "Grain state in '{File}' is being written again.")]
    private static partial void LogRecovered(ILogger logger, string file);
}

using System.Globalization;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Win32.SafeHandles;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Payloads.Blob;

/// <summary>
/// This gateway's copy of one payload: a file that one download fills from the front, while any number of agents read what has arrived and
/// wait for what has not. While the storage is away the download waits too, and goes on where it stopped.
/// </summary>
internal sealed partial class CachedPayload : IAsyncDisposable
{
    private const int BlockBytes = 256 * 1024;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly BlobNames _names;
    private readonly UploadId _upload;
    private readonly string _path;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<bool> _found = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _filling; // owned here; awaited by DisposeAsync
    private SafeFileHandle? _file;
    private long _arrived;
    private volatile TaskCompletionSource _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Exception? _failure;

    public CachedPayload(BlobNames names, UploadId upload, string path, TimeSpan limit, TimeProvider clock, ILogger logger)
    {
        _names = names;
        _upload = upload;
        _path = path;
        _limit = limit;
        _clock = clock;
        _logger = logger;
        _filling = Task.Run(FillAsync);
    }

    /// <summary>Known once <see cref="Found"/> is true.</summary>
    public long Length { get; private set; }

    /// <summary>Whether there is such a payload. Not complete while the storage is away.</summary>
    public Task<bool> Found => _found.Task;

    /// <summary>True where the copy will never be whole: the next reader needs a new one.</summary>
    public bool Failed => _failure is not null;

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int wanted = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        while (Interlocked.Read(ref _arrived) < offset + wanted)
        {
            TaskCompletionSource progress = _progress;
            if (_failure is { } failure)
            {
                throw new IOException("The payload cannot be fetched.", failure);
            }

            if (Interlocked.Read(ref _arrived) < offset + wanted)
            {
                await progress.Task.WaitAsync(cancellationToken);
            }
        }

        int filled = 0;
        while (filled < wanted && RandomAccess.Read(_file!, buffer.Span[filled..wanted], offset + filled) is int read and > 0)
        {
            filled += read;
        }

        return filled;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _filling;
        _file?.Dispose();
        _stop.Dispose();
        File.Delete(_path);
    }

    private async Task FillAsync()
    {
        TimeSpan pause = FirstPause;
        string? bytes = null;
        while (!_stop.IsCancellationRequested)
        {
            long before = _arrived;
            try
            {
                bytes ??= await LocateAsync();
                if (bytes is null)
                {
                    _failure = new FileNotFoundException($"There is no payload {_upload}.");
                    _found.TrySetResult(false);
                    return;
                }

                await DownloadAsync(bytes);
                return;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                break;
            }
            catch (RequestFailedException e) when (e.Status is 404 or 412)
            {
                Fail(e); // deleted, or not what it was: no waiting brings it back
                return;
            }
            catch (Exception e) // whatever kept the store or the disk from working is tried again: agents are waiting, each with its own deadline
            {
                pause = _arrived > before ? FirstPause : pause;
                LogWaiting(_logger, _upload, _arrived, pause, e.Message);
            }

            await Task.WhenAny(Task.Delay(pause, _clock, _stop.Token));
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }

        Fail(new OperationCanceledException());
    }

    /// <summary>The name of the bytes, or null where there is no such payload.</summary>
    private async Task<string?> LocateAsync()
    {
        try
        {
            BlobProperties push = await BlobFailure.GuardAsync(async token => (await _names.Push(_upload).GetPropertiesAsync(cancellationToken: token)).Value, _limit, _stop.Token);
            Length = long.Parse(push.Metadata[BlobNames.LengthKey], CultureInfo.InvariantCulture);
            _file ??= File.OpenHandle(_path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
            _found.TrySetResult(true);
            return push.Metadata[BlobNames.BytesKey];
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private async Task DownloadAsync(string bytes)
    {
        if (_arrived == Length)
        {
            return; // an empty file, or the failure came after the last byte
        }

        byte[] buffer = new byte[BlockBytes];
        var options = new BlobDownloadOptions { Range = new HttpRange(_arrived) };
        BlobDownloadStreamingResult download = await BlobFailure.GuardAsync(async token => (await _names.Bytes(bytes).DownloadStreamingAsync(options, token)).Value, _limit, _stop.Token);
        await using Stream content = download.Content;
        while (await BlobFailure.GuardAsync(token => content.ReadAsync(buffer, token).AsTask(), _limit, _stop.Token) is int read and > 0)
        {
            await RandomAccess.WriteAsync(_file!, buffer.AsMemory(0, read), _arrived, _stop.Token);
            Interlocked.Add(ref _arrived, read);
            Wake();
        }

        if (_arrived < Length)
        {
            throw new IOException("The storage ended the download early.");
        }
    }

    private void Fail(Exception e)
    {
        _failure = e;
        _found.TrySetException(new IOException("The payload cannot be fetched.", e));
        _ = _found.Task.Exception; // seen: nobody may be waiting
        Wake();
    }

    private void Wake()
    {
        TaskCompletionSource waiting = _progress;
        _progress = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.TrySetResult();
    }

    [LoggerMessage(4050, LogLevel.Warning, "Payload {Upload} cannot be fetched beyond byte {Arrived}; again in {Pause}: {Reason}")]
    private static partial void LogWaiting(ILogger logger, UploadId upload, long arrived, TimeSpan pause, string reason);
}

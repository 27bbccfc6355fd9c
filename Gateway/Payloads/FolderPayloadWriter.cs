using Microsoft.Win32.SafeHandles;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Payloads;

/// <summary>Writes one payload next to its final place and moves it there in one step.</summary>
internal sealed class FolderPayloadWriter : IPayloadWriter
{
    private readonly string _temporary;
    private readonly Func<UploadId, string> _pathOf;
    private readonly SafeFileHandle _file;
    private long _length;
    private bool _moved;

    public FolderPayloadWriter(string temporary, Func<UploadId, string> pathOf)
    {
        _temporary = temporary;
        _pathOf = pathOf;
        _file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.Asynchronous);
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await RandomAccess.WriteAsync(_file, bytes, _length, cancellationToken);
            _length += bytes.Length;
        }
        catch (IOException e)
        {
            throw new PayloadStoreUnavailableException("The payload folder has no room or cannot be written.", e);
        }
    }

    public Task<bool> CommitAsync(UploadId upload, CancellationToken cancellationToken)
    {
        string target = _pathOf(upload);
        try
        {
            RandomAccess.FlushToDisk(_file); // before the move: a name in its place promises the bytes behind it
            _file.Dispose();
            File.Move(_temporary, target, overwrite: false);
            _moved = true;
            return Task.FromResult(true);
        }
        catch (IOException) when (File.Exists(target))
        {
            return Task.FromResult(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PayloadStoreUnavailableException("The payload folder cannot be written.", e);
        }
    }

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        if (!_moved)
        {
            FolderPayloadStore.Delete(_temporary);
        }

        return ValueTask.CompletedTask;
    }
}

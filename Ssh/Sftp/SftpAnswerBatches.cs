using System.Runtime.CompilerServices;

namespace RPort.Ssh.Sftp;

/// <summary>
/// The outgoing half of a server's session: answers are gathered in one batch while the batch before it is being written. So at most two are in
/// memory, and whoever sends waits for the client to take the earlier one.
/// </summary>
internal sealed class SftpAnswerBatches(Stream stream, SftpServerOptions options, CancellationToken stop) : IAsyncDisposable
{
    private SftpWriter? _batch;
    private int _answers;
    private Task _sending = Task.CompletedTask; // owns the batch it sends

    /// <summary>The batch to write the next answer into; rented with so much room when there is none.</summary>
    public SftpWriter Current(int hint) => _batch ??= new SftpWriter(hint);

    /// <summary>Whether an answer of this size may join the current batch. The first one always may, however long.</summary>
    public bool HasRoomFor(int bytes) =>
        _batch is null || (_answers < options.MaxBatchRequests && _batch.Length + bytes <= options.MaxBatchBytes);

    /// <summary>Counts an answer.</summary>
    public void Count() => _answers++;

    /// <summary>Starts writing the current batch, if there is one, once the one before is written.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync()
    {
        if (_batch is not { } batch)
        {
            return;
        }

        await _sending.ConfigureAwait(false);
        _batch = null;
        _answers = 0;
        _sending = WriteAsync(batch);
    }

    /// <summary>Writes all that is left and waits for it.</summary>
    public async ValueTask FinishAsync()
    {
        await SendAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
    }

    /// <summary>Returns the buffers. The token given at the start must have fired, or a client that takes nothing would hold this up.</summary>
    public async ValueTask DisposeAsync()
    {
        _batch?.Dispose();
        _batch = null;
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its failure was the session's, and thrown there
    }

    private async Task WriteAsync(SftpWriter batch)
    {
        using (batch)
        {
            await stream.WriteAsync(batch.Written, stop).ConfigureAwait(false);
            await stream.FlushAsync(stop).ConfigureAwait(false);
        }
    }
}

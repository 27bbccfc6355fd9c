namespace RPort.Ssh.Sftp;

/// <summary>Writes a stream to one open file with many WRITEs in flight. The bytes are read from the stream straight into the request.</summary>
internal sealed class SftpUpload(SftpSession session, byte[] handle, SftpClientOptions options)
{
    // What stands in front of the bytes of a WRITE, beside the handle itself: header, handle length, offset, data length.
    private const int RequestBytes = SftpWire.HeaderBytes + 4 + 8 + 4;

    // Servers must take packets of 34,000 bytes (draft-ietf-secsh-filexfer-02 section 3) and may refuse longer ones.
    private readonly int _blockBytes = Math.Min(options.BlockBytes, 32 * 1024);

    private readonly Queue<Task<SftpAnswer>> _unanswered = new();
    private readonly SftpTransferWindow _window = new(options.MaxInFlight);

    /// <summary>Writes all of the stream and says how many bytes that were; returns once the server has acknowledged each.</summary>
    public async Task<long> RunAsync(Stream content, CancellationToken cancellationToken)
    {
        long offset = 0;
        while (true)
        {
            int sent = await SendBlockAsync(content, offset, cancellationToken).ConfigureAwait(false);
            offset += sent;
            while (_unanswered.Count >= _window.Size || (sent == 0 && _unanswered.Count > 0))
            {
                using SftpAnswer answer = await _unanswered.Dequeue().WaitAsync(cancellationToken).ConfigureAwait(false);
                answer.ThrowUnlessOk();
                _window.Grow();
            }

            if (sent == 0)
            {
                return offset;
            }
        }
    }

    private async ValueTask<int> SendBlockAsync(Stream content, long offset, CancellationToken cancellationToken)
    {
        using var request = new SftpWriter(RequestBytes + handle.Length + _blockBytes);
        int before = RequestBytes + handle.Length;
        Memory<byte> block = request.Reserve(before + _blockBytes)[before..];
        int bytes = await content.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (bytes == 0)
        {
            return 0;
        }

        cancellationToken.ThrowIfCancellationRequested();

        // Registered only now: a stream that cannot be read leaves no request behind.
        Task<SftpAnswer> answer = session.Begin(request, SftpPacketType.Write);
        request.String(handle);
        request.UInt64((ulong)offset);
        request.UInt32((uint)bytes);
        request.Advance(bytes);
        request.End();
        _unanswered.Enqueue(answer);
        await session.SendAsync(request.Written, cancellationToken).ConfigureAwait(false);
        return bytes;
    }
}

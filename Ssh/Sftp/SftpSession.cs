using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace RPort.Ssh.Sftp;

/// <summary>
/// A client's session over any stream: sends requests, matches answers by id. Callers bound how many they have outstanding. The first failure ends
/// the session; every request, outstanding or later, then fails with it. The stream stays the caller's.
/// </summary>
internal sealed class SftpSession : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly SftpInput _input;
    private readonly SftpOutstanding _outstanding;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private Task _receiving = Task.CompletedTask;

    private SftpSession(Stream stream, SftpClientOptions options)
    {
        _stream = stream;
        _input = new SftpInput(stream, options.MaxAnswerBytes);
        _outstanding = new SftpOutstanding(options.StallTimeout, options.TimeProvider, _stop);
    }

    /// <summary>Agrees on version 3, for which the token is the deadline, and starts receiving.</summary>
    public static async Task<SftpSession> OpenAsync(Stream stream, SftpClientOptions options, CancellationToken cancellationToken)
    {
        var session = new SftpSession(stream, options);
        try
        {
            await session.AgreeOnVersionAsync(cancellationToken).ConfigureAwait(false);
            session._receiving = session.ReceiveAsync();
            return session;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Registers a request and begins its packet in the writer; the caller completes the packet and sends the writer. DATA longer than
    /// <paramref name="maxDataBytes"/> ends the session.
    /// </summary>
    /// <exception cref="SftpException">The session has ended.</exception>
    public Task<SftpAnswer> Begin(SftpWriter request, SftpPacketType type, int maxDataBytes = 0)
    {
        Task<SftpAnswer> answer = _outstanding.Add(maxDataBytes, out uint id);
        request.Begin(type, id);
        return answer;
    }

    /// <summary>
    /// Writes whole requests. Cut short by the token it ends the session, as half a request may be on the wire: look at the token before
    /// <see cref="Begin"/>.
    /// </summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> requests, CancellationToken cancellationToken)
    {
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        try
        {
            await _sending.WaitAsync(cancel.Token).ConfigureAwait(false);
            try
            {
                await _stream.WriteAsync(requests, cancel.Token).ConfigureAwait(false);
                await _stream.FlushAsync(cancel.Token).ConfigureAwait(false);
            }
            finally
            {
                _sending.Release();
            }
        }
        catch (Exception e)
        {
            _outstanding.Fail(new SftpException(SftpStatus.ConnectionLost, "A request could not be sent.", e));
            cancellationToken.ThrowIfCancellationRequested();
            throw _outstanding.Failure();
        }
    }

    /// <summary>Ends the session: outstanding requests fail, the receiving loop is awaited.</summary>
    public async ValueTask DisposeAsync()
    {
        _outstanding.Fail(new SftpException(SftpStatus.NoConnection, "The session was closed."));
        await _receiving.ConfigureAwait(false);
        _outstanding.Dispose();
        _input.Dispose();
        _stop.Dispose();
        _sending.Dispose();
    }

    private async ValueTask AgreeOnVersionAsync(CancellationToken cancellationToken)
    {
        using (var init = new SftpWriter(64))
        {
            init.Begin(SftpPacketType.Init);
            init.UInt32(SftpWire.Version);
            init.End();
            await SendAsync(init.Written, cancellationToken).ConfigureAwait(false);
        }

        ReadOnlyMemory<byte> packet = await _input.ReadPacketAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new SftpException(SftpStatus.ConnectionLost, "The server ended the session before its VERSION.");
        if (packet.Span[0] != (byte)SftpPacketType.Version
            || !BinaryPrimitives.TryReadUInt32BigEndian(packet.Span[1..], out uint version) || version != SftpWire.Version)
        {
            throw new SftpException(SftpStatus.BadMessage, "The server does not speak SFTP version 3.");
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The edge of the loop: whatever ends it becomes the failure of every request.")]
    private async Task ReceiveAsync()
    {
        try
        {
            while (await _input.FillAsync(SftpWire.HeaderBytes, _stop.Token).ConfigureAwait(false))
            {
                await ReceiveAnswerAsync().ConfigureAwait(false);
            }

            _outstanding.Fail(new SftpException(SftpStatus.ConnectionLost, "The server ended the session."));
        }
        catch (SftpException e)
        {
            _outstanding.Fail(e);
        }
        catch (Exception e)
        {
            _outstanding.Fail(new SftpException(SftpStatus.ConnectionLost, "The connection ended.", e));
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReceiveAnswerAsync()
    {
        int bodyBytes = _input.PacketLength() - (SftpWire.HeaderBytes - SftpWire.LengthBytes);
        if (bodyBytes < 0)
        {
            throw new SftpException(SftpStatus.BadMessage, "An answer too short to carry an id.");
        }

        var type = (SftpPacketType)_input.Buffered[SftpWire.LengthBytes];
        uint id = BinaryPrimitives.ReadUInt32BigEndian(_input.Buffered[(SftpWire.LengthBytes + 1)..]);
        if (!_outstanding.TryTake(id, out SftpOutstanding.Request? request))
        {
            throw new SftpException(SftpStatus.BadMessage, $"An answer to {id}, which was not asked.");
        }

        _input.Consume(SftpWire.HeaderBytes);
        try
        {
            if (type == SftpPacketType.Data)
            {
                bodyBytes = await ReadDataLengthAsync(bodyBytes, request.MaxDataBytes).ConfigureAwait(false);
            }

            byte[] body = ArrayPool<byte>.Shared.Rent(bodyBytes);
            await _input.ReadIntoAsync(body.AsMemory(0, bodyBytes), _stop.Token).ConfigureAwait(false);
            request.Complete(new SftpAnswer(type, body, bodyBytes));
        }
        catch (Exception e)
        {
            request.Fail(e as SftpException ?? new SftpException(SftpStatus.ConnectionLost, "The connection ended.", e)); // it is in the table no more
            throw;
        }
    }

    private async ValueTask<int> ReadDataLengthAsync(int bodyBytes, int maxDataBytes)
    {
        if (bodyBytes >= 4 && !await _input.FillAsync(4, _stop.Token).ConfigureAwait(false))
        {
            throw new SftpException(SftpStatus.ConnectionLost, "The stream ended amid a packet.");
        }

        if (bodyBytes < 4 || BinaryPrimitives.ReadUInt32BigEndian(_input.Buffered) != bodyBytes - 4 || bodyBytes - 4 > maxDataBytes || bodyBytes == 4)
        {
            throw new SftpException(SftpStatus.BadMessage, "DATA of a wrong length.");
        }

        _input.Consume(4);
        return bodyBytes - 4;
    }
}

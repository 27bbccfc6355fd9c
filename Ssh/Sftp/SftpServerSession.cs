using System.Buffers.Binary;

namespace RPort.Ssh.Sftp;

/// <summary>
/// One client's session. One loop reads a request, answers it into the current batch and sends the batch as soon as no whole request is waiting
/// (a client with one READ in flight is answered at once) or the batch is full (one with many in flight gets large writes).
/// </summary>
internal sealed class SftpServerSession : IAsyncDisposable
{
    private readonly SftpServerOptions _options;
    private readonly SftpInput _input;
    private readonly SftpAnswerBatches _answers;
    private readonly SftpRequestHandlers _handlers;
    private readonly SftpHandleTable _handles;
    private readonly CancellationTokenSource _idle;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _callers;

    public SftpServerSession(Stream stream, ISftpFileSource files, SftpServerOptions options, CancellationToken cancellationToken)
    {
        _options = options;
        _callers = cancellationToken;
        _idle = new CancellationTokenSource(options.IdleTimeout, options.TimeProvider);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _idle.Token);
        _input = new SftpInput(stream, options.MaxRequestBytes);
        _answers = new SftpAnswerBatches(stream, options, _stop.Token);
        _handles = new SftpHandleTable(options.MaxHandles);
        _handlers = new SftpRequestHandlers(files, _handles, options);
    }

    public async Task RunAsync()
    {
        try
        {
            if (await TryAgreeOnVersionAsync().ConfigureAwait(false))
            {
                await AnswerRequestsAsync().ConfigureAwait(false);
            }

            await _answers.FinishAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_idle.IsCancellationRequested && !_callers.IsCancellationRequested)
        {
            throw new SftpException(SftpStatus.ConnectionLost, $"The client neither asked nor took an answer for {_options.IdleTimeout}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _stop.CancelAsync().ConfigureAwait(false); // a batch still on its way must end before its buffer goes
            await _answers.DisposeAsync().ConfigureAwait(false);
            await _handles.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _input.Dispose();
            _stop.Dispose();
            _idle.Dispose();
        }
    }

    private async ValueTask<bool> TryAgreeOnVersionAsync()
    {
        if (await _input.ReadPacketAsync(_stop.Token).ConfigureAwait(false) is not { } packet)
        {
            return false;
        }

        ReadOnlySpan<byte> init = packet.Span;
        if (init[0] != (byte)SftpPacketType.Init || !BinaryPrimitives.TryReadUInt32BigEndian(init[1..], out uint version) || version < SftpWire.Version)
        {
            throw new SftpException(SftpStatus.BadMessage, "The client did not begin with INIT of version 3 or later.");
        }

        SftpWriter answer = _answers.Current(hint: 64);
        answer.Begin(SftpPacketType.Version);
        answer.UInt32(SftpWire.Version);
        answer.String(SftpWire.LimitsExtension);
        answer.String("1");
        answer.End();
        return true;
    }

    private async ValueTask AnswerRequestsAsync()
    {
        while (true)
        {
            _idle.CancelAfter(_options.IdleTimeout); // from here on it is the client's turn, to take answers or to ask
            if (!_input.HasPacket)
            {
                await _answers.SendAsync().ConfigureAwait(false);
            }

            if (await _input.ReadPacketAsync(_stop.Token).ConfigureAwait(false) is not { } packet)
            {
                return;
            }

            if (!SftpRequest.TryParse(packet.Span, out SftpRequest request))
            {
                throw new SftpException(SftpStatus.BadMessage, "A packet too short to be a request.");
            }

            if (!_answers.HasRoomFor(_handlers.AnswerBytes(request)))
            {
                await _answers.SendAsync().ConfigureAwait(false);
            }

            SftpWriter answer = _answers.Current(_input.HasPacket ? _options.MaxBatchBytes : _handlers.AnswerBytes(request));
            await _handlers.AnswerAsync(request, answer, _stop.Token).ConfigureAwait(false);
            _answers.Count();
        }
    }
}

using System.Runtime.CompilerServices;

namespace RPort.Ssh.Transport;

/// <summary>The receive loop: takes the version line and then packets off the stream and hands them on, until the close.</summary>
internal sealed class ReceiveLoop
{
    private readonly PacketReceiver _receiver;
    private readonly PacketSender _sender;
    private readonly CloseSequence _close;
    private readonly TimeProvider _clock;
    private long _lastReceived;

    public ReceiveLoop(PacketReceiver receiver, PacketSender sender, CloseSequence close, TimeProvider clock)
    {
        _receiver = receiver;
        _sender = sender;
        _close = close;
        _clock = clock;
        _lastReceived = clock.GetTimestamp();
    }

    /// <summary>Told of the peer's identification, before any packet.</summary>
    public required Action<string> OnVersion { get; init; }

    /// <summary>Handles a payload. Its memory is good until the task ends.</summary>
    public required Func<ReadOnlyMemory<byte>, ValueTask> HandleAsync { get; init; }

    /// <summary>Called after everything that came at once was handled.</summary>
    public required Action BeforeWait { get; init; }

    /// <summary>When bytes last came, as a timestamp of the clock. Any thread may ask.</summary>
    public long LastReceived => Volatile.Read(ref _lastReceived);

    /// <summary>Runs to the end of the stream, or until it is cut. Never faults: an error begins the close.</summary>
    public async Task RunAsync()
    {
        try
        {
            await ReceiveAsync().ConfigureAwait(false);
        }
        catch (SshException e)
        {
            _close.Begin(e);
        }
        catch (Exception e)
        {
            // The edge of the receive loop: whatever a stream throws means that it is gone.
            _close.StreamFailed(e);
        }

        try
        {
            if (!_close.Reason!.ByPeer)
            {
                await _receiver.DiscardAsync(_close.Cut).ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            // The stream failed after the reason was set.
        }
    }

    private async Task ReceiveAsync()
    {
        string line;
        while (!_receiver.TryTakeVersionLine(out line))
        {
            if (!await FillAsync().ConfigureAwait(false))
            {
                return;
            }
        }

        OnVersion(line);
        do
        {
            while (_close.Reason is null && _receiver.TryTake(out ReadOnlyMemory<byte> payload))
            {
                ValueTask handled = _sender.Dispatch(HandleAsync, payload);
                if (!handled.IsCompletedSuccessfully)
                {
                    await handled.ConfigureAwait(false);
                }
            }

            BeforeWait();
            _sender.Wake(); // once for everything the whole buffer gave rise to
        }
        while (await FillAsync().ConfigureAwait(false));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FillAsync()
    {
        if (_close.Reason is not null)
        {
            return false;
        }

        if (await _receiver.FillAsync(_close.Cut).ConfigureAwait(false))
        {
            Volatile.Write(ref _lastReceived, _clock.GetTimestamp());
            return _close.Reason is null;
        }

        string where = _receiver.HasPart ? "in the middle of a packet" : "without a DISCONNECT message";
        _close.Begin(new SshCloseReason(SshDisconnectReason.None, $"the stream ended {where}", ByPeer: true));
        return false;
    }
}

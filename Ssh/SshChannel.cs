using System.Buffers.Binary;
using RPort.Ssh.Connection;
using RPort.Ssh.Forwarding;
using RPort.Ssh.Transport;

namespace RPort.Ssh;

/// <summary>One channel of a connection (RFC 4254 §5): a duplex byte stream with requests beside it.</summary>
/// <remarks>
/// One reader per kind of data and any number of writers at a time. After the connection broke, what was received can still be read; then reads
/// throw <see cref="SshConnectionClosedException"/>, so that a cut stream is never taken for one that ended.
/// </remarks>
public sealed class SshChannel : IAsyncDisposable
{
    private readonly ChannelTable _table;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private Action? _over;
    private bool _peerClosed;
    private bool _peerSentEof;
    private bool _serving;
    private bool _released;

    internal SshChannel(SshConnection connection, ChannelTable table, ReceiveWindow window, PacketSender sender, uint number, string type)
    {
        Connection = connection;
        Type = type;
        Number = number;
        _table = table;
        Output = new ChannelOutput(sender);
        Input = new ChannelInput(Output, window);
        Requests = new ChannelRequests(connection, Output);
    }

    /// <summary>The channel type given when it was opened.</summary>
    public string Type { get; }

    /// <summary>The connection it belongs to.</summary>
    public SshConnection Connection { get; }

    /// <summary>
    /// Answers requests of the peer on this channel, one after the other, on the thread pool; without one they are refused. An exception is sent as a
    /// refusal. Set it before the first await of the function given to <see cref="SshChannelVerdict.Accept"/>, and no request is missed.
    /// </summary>
    public Func<SshChannelRequest, CancellationToken, ValueTask<bool>>? RequestHandler
    {
        get => Requests.Handler;
        set => Requests.Handler = value;
    }

    /// <summary>
    /// Runs the code that waits in <see cref="ReadAsync"/> or <see cref="WriteAsync"/> on the connection's own loops rather than on the thread pool.
    /// Saves a thread switch per packet; such code must never block a thread, and everything else on the connection waits for it. Set it while nothing
    /// waits.
    /// </summary>
    public bool InlineContinuations
    {
        set
        {
            Input.InlineContinuations = value;
            Output.InlineContinuations = value;
        }
    }

    /// <summary>Keeps extended data (RFC 4254 §5.2) for <see cref="ReadExtendedAsync"/>. Otherwise it is dropped and its window returned.</summary>
    public bool KeepExtendedData
    {
        get => Input.KeepExtended;
        set => Input.KeepExtended = value;
    }

    /// <summary>
    /// True when the peer has said EOF: it has nothing more to send and said so. A read that ends with 0 while this is false was cut short by the
    /// peer's CLOSE.
    /// </summary>
    public bool PeerSentEof
    {
        get => Volatile.Read(ref _peerSentEof);
        internal set => Volatile.Write(ref _peerSentEof, value);
    }

    /// <summary>Completes when both sides have sent CHANNEL_CLOSE and earlier requests are handled, or when the connection is gone. Never faults.</summary>
    public Task Closed => _closed.Task;

    internal uint Number { get; }

    internal ChannelOutput Output { get; }

    internal ChannelInput Input { get; }

    internal ChannelRequests Requests { get; }

    /// <summary>The peer's answer to our open; null for channels the peer opened.</summary>
    internal TaskCompletionSource? Opening { get; init; }

    /// <summary>Whether the peer's answer to our open is still to come. The receive loop's own.</summary>
    internal bool IsOpening { get; set; }

    /// <summary>The application's function, while it serves the channel.</summary>
    internal Task Serving { get; private set; } = Task.CompletedTask;

    /// <summary>Reads data.</summary>
    /// <param name="buffer">Where it goes. Data is copied straight here when the call waits.</param>
    /// <param name="cancellationToken">Ends the wait; nothing is lost by it.</param>
    /// <returns>Bytes read; 0 is the peer's EOF, or an empty buffer and something to read.</returns>
    /// <exception cref="SshConnectionClosedException">The connection ended before the channel did.</exception>
    /// <exception cref="SshChannelClosedException">The channel was closed by <see cref="CloseAsync"/>.</exception>
    /// <exception cref="InvalidOperationException">Another read waits.</exception>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Input.ReadAsync(extended: false, buffer, cancellationToken);

    /// <summary>Reads extended data, of whatever type. Needs <see cref="KeepExtendedData"/>.</summary>
    /// <param name="buffer">Where it goes.</param>
    /// <param name="cancellationToken">Ends the wait; nothing is lost by it.</param>
    /// <returns>Bytes read; 0 is the peer's EOF.</returns>
    /// <exception cref="SshConnectionClosedException">The connection ended before the channel did.</exception>
    /// <exception cref="SshChannelClosedException">The channel was closed by <see cref="CloseAsync"/>.</exception>
    /// <exception cref="InvalidOperationException">Another read waits.</exception>
    public ValueTask<int> ReadExtendedAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Input.ReadAsync(extended: true, buffer, cancellationToken);

    /// <summary>Writes data, as the peer's window allows. Returns when the memory is free again, not when the peer has the data.</summary>
    /// <param name="data">What to send.</param>
    /// <param name="cancellationToken">Ends the wait; a part may have been sent.</param>
    /// <returns>A task.</returns>
    /// <exception cref="SshChannelClosedException">The channel is closed.</exception>
    /// <exception cref="SshConnectionClosedException">The connection is closed.</exception>
    /// <exception cref="InvalidOperationException">EOF was sent.</exception>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) =>
        Output.WriteAsync(0, data, cancellationToken);

    /// <summary>Writes extended data under the same window.</summary>
    /// <param name="dataType">The type, not 0; 1 is stderr.</param>
    /// <param name="data">What to send.</param>
    /// <param name="cancellationToken">Ends the wait; a part may have been sent.</param>
    /// <returns>A task.</returns>
    /// <exception cref="SshChannelClosedException">The channel is closed.</exception>
    /// <exception cref="SshConnectionClosedException">The connection is closed.</exception>
    public ValueTask WriteExtendedAsync(uint dataType, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfZero(dataType);
        return Output.WriteAsync(dataType, data, cancellationToken);
    }

    /// <summary>Ends our direction, after everything written before; reading goes on. A second call does nothing.</summary>
    /// <param name="cancellationToken">Ends the wait for earlier writers.</param>
    /// <returns>A task.</returns>
    /// <exception cref="SshChannelClosedException">The channel is closed.</exception>
    /// <exception cref="SshConnectionClosedException">The connection is closed.</exception>
    public ValueTask SendEofAsync(CancellationToken cancellationToken = default) => Output.SendEofAsync(closeFollows: false, cancellationToken);

    /// <summary>Sends a request (RFC 4254 §5.4) and waits for its reply.</summary>
    /// <param name="type">The request's name.</param>
    /// <param name="payload">The bytes after <c>want_reply</c>.</param>
    /// <param name="cancellationToken">Ends the wait; the request may have been sent.</param>
    /// <returns>True for CHANNEL_SUCCESS.</returns>
    /// <exception cref="SshChannelClosedException">The channel is, or becomes, closed.</exception>
    /// <exception cref="SshConnectionClosedException">The connection is, or becomes, closed.</exception>
    public ValueTask<bool> RequestAsync(string type, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        Connection.CheckMessageSize(payload.Length);
        return Requests.SendAsync(type, payload, cancellationToken);
    }

    /// <summary>Sends a request that wants no reply.</summary>
    /// <param name="type">The request's name.</param>
    /// <param name="payload">The bytes after <c>want_reply</c>.</param>
    /// <param name="cancellationToken">Ends the wait for earlier writers, or for room.</param>
    /// <returns>A task.</returns>
    /// <exception cref="SshChannelClosedException">The channel is closed.</exception>
    /// <exception cref="SshConnectionClosedException">The connection is closed.</exception>
    public ValueTask NotifyAsync(string type, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        Connection.CheckMessageSize(payload.Length);
        return Requests.NotifyAsync(type, payload, cancellationToken);
    }

    /// <summary>Sends an exit status (RFC 4254 §6.10), after everything written before.</summary>
    /// <param name="status">The status.</param>
    /// <param name="cancellationToken">Ends the wait for earlier writers, or for room.</param>
    /// <returns>A task.</returns>
    /// <exception cref="SshChannelClosedException">The channel is closed.</exception>
    /// <exception cref="SshConnectionClosedException">The connection is closed.</exception>
    public ValueTask SendExitStatusAsync(uint status, CancellationToken cancellationToken = default)
    {
        byte[] payload = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, status);
        return NotifyAsync("exit-status", payload, cancellationToken);
    }

    /// <summary>
    /// Sends CHANNEL_CLOSE at once: writes that wait fail, what was received and not read is dropped. Does not wait for the peer's; see <see cref="Closed"/>.
    /// </summary>
    /// <returns>A completed task.</returns>
    public ValueTask CloseAsync()
    {
        Close();
        return default;
    }

    /// <summary>Closes.</summary>
    /// <returns>A completed task.</returns>
    public ValueTask DisposeAsync() => CloseAsync();

    /// <summary>The channel as a stream that reads and writes asynchronously. Disposing it closes the channel.</summary>
    /// <param name="meter">Counts what goes through; what is read counts as on its way to a socket.</param>
    /// <returns>A new stream.</returns>
    public Stream AsStream(RelayMeter? meter = null) => new ChannelStream(this, meter);

    /// <summary>
    /// Has something done, once, when <see cref="Closed"/> completes or where it has already; on the receive loop mostly, so that it must not block.
    /// A second call takes the place of the first.
    /// </summary>
    internal void WhenClosed(Action action)
    {
        lock (_gate)
        {
            if (!_closed.Task.IsCompleted)
            {
                _over = action;
                return;
            }
        }

        action();
    }

    internal void Close()
    {
        Input.Discard();
        Output.Close(causedByPeer: false);
        Requests.Abort(static () => new SshChannelClosedException("The channel was closed."));
        ReleaseIfOver();
    }

    /// <summary>Starts the application's function; when it ends, so does the channel. Never faults.</summary>
    internal void Serve(Func<SshChannel, CancellationToken, Task> serve)
    {
        lock (_gate)
        {
            _serving = true;
        }

        Serving = RunAsync(serve);
        Requests.Resume();
    }

    /// <summary>The peer sent CLOSE: what came before it can still be read.</summary>
    internal void OnPeerClose()
    {
        Input.End();
        Output.Close(causedByPeer: true);
        Requests.Abort(static () => new SshChannelClosedException("The peer closed the channel."));
        lock (_gate)
        {
            _peerClosed = true;
        }

        ReleaseIfOver();

        Requests.Finally(SetClosed); // behind the requests that came before it, such as an exit status
    }

    /// <summary>The connection ended.</summary>
    internal void Abort(SshCloseReason reason)
    {
        Output.Abort(reason);
        Input.Abort(reason);
        Requests.Abort(() => new SshConnectionClosedException(reason));
        Opening?.TrySetException(new SshConnectionClosedException(reason));
        _ = Opening?.Task.Exception; // its caller may have gone
        SetClosed();
    }

    private void SetClosed()
    {
        Action? over;
        lock (_gate)
        {
            _closed.TrySetResult();
            over = _over;
            _over = null;
        }

        over?.Invoke();
    }

    private async Task RunAsync(Func<SshChannel, CancellationToken, Task> serve)
    {
        try
        {
            await serve(this, Connection.Closing).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Connection.ReportFailure(e); // the edge of foreign code: the connection goes on
        }
        finally
        {
            lock (_gate)
            {
                _serving = false;
            }

            Close();
        }
    }

    /// <summary>The number is free again when both sides closed and nobody serves the channel: until then it counts against the limits.</summary>
    private void ReleaseIfOver()
    {
        lock (_gate)
        {
            if (_released || !_peerClosed || _serving)
            {
                return;
            }

            _released = true;
        }

        _table.Remove(Number);
        Input.Release();
    }
}

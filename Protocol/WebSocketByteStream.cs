using System.Net.WebSockets;

namespace RPort.Protocol;

/// <summary>
/// The bytes inside a WebSocket's binary messages as a duplex stream; where one message ends and the next begins means nothing. One reader and
/// one writer at a time. A read into an empty buffer waits for data without holding memory for it. Cancelling a read or a write ends the
/// connection, as <see cref="WebSocket"/> knows no other way. Whatever goes wrong is an <see cref="IOException"/>. Both ends carry SSH in it.
/// </summary>
/// <param name="socket">The open socket; owned from here.</param>
/// <param name="transport">What was needed to make it and ends with it; owned as well.</param>
public sealed class WebSocketByteStream(WebSocket socket, IDisposable? transport = null) : Stream
{
    // Each empty message costs us a turn and tells nothing; no SSH library sends one.
    private const int MaxEmptyMessages = 64;
    private static readonly TimeSpan CloseFrameTimeout = TimeSpan.FromSeconds(1);

    private bool _ended;
    private int _disposed;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Told of each read, and asked before it returns what came. Null: reads return at once. A change counts from the next read on.</summary>
    public IReadPace? Pace { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        IReadPace? pace = Pace;
        pace?.Waiting();
        for (int empty = 0; !_ended; empty++)
        {
            ValueWebSocketReceiveResult result = await ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            switch (result.MessageType)
            {
                case WebSocketMessageType.Close:
                    _ended = true;
                    break;
                case WebSocketMessageType.Text:
                    throw new IOException("The peer sent a text message.");
                default:
                    if (buffer.IsEmpty)
                    {
                        return 0; // the read that takes the bytes comes next
                    }

                    if (result.Count > 0)
                    {
                        if (pace is not null)
                        {
                            await pace.ArrivedAsync().ConfigureAwait(false);
                        }

                        return result.Count;
                    }

                    if (empty == MaxEmptyMessages)
                    {
                        throw new IOException("The peer sends empty messages.");
                    }

                    break;
            }
        }

        return 0;
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await socket.SendAsync(buffer, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException)
        {
            throw new IOException("The WebSocket is closed.", e);
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Says goodbye if the peer still listens, then cuts. A pending read ends with an error.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            using CancellationTokenSource deadline = new(CloseFrameTimeout);
            try
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, deadline.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
            {
                // A courtesy only: the connection is cut next in any case.
            }
        }

        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Interlocked.Exchange(ref _disposed, 1);
        socket.Abort();
        socket.Dispose();
        transport?.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            throw new IOException("The WebSocket is closed.", e);
        }
    }
}

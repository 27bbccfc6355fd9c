using System.Net.WebSockets;
using System.Threading.Channels;

namespace RPort.Gateway.Files.Feed;

/// <summary>One WebSocket that listens to the feed. Its queue is bounded: who does not read is dropped, nobody else waits for it.</summary>
internal sealed class FeedListener(WebSocket socket, bool withProgress, int queue, TimeSpan sendTimeout)
{
    private static readonly TimeSpan CloseWait = TimeSpan.FromSeconds(5);

    private readonly Channel<byte[]> _messages = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(queue) { SingleReader = true });
    private volatile bool _overrun;

    public bool WithProgress => withProgress;

    /// <summary>Queues a message. False where the queue is full, or the listener has left: it is at its end then. Never waits.</summary>
    public bool TryOffer(byte[] message)
    {
        if (_messages.Writer.TryWrite(message))
        {
            return true;
        }

        _overrun |= _messages.Writer.TryComplete();
        return !_overrun; // one that has left on its own is not dropped for slowness
    }

    /// <summary>Sends until the listener leaves, is too slow, or the gateway stops.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task receiving = ReceiveAsync(end);
        try
        {
            await SendAsync(end.Token);
            await CloseAsync();
            await Task.WhenAny(receiving, Task.Delay(CloseWait, end.Token)); // cut at once, what is on its way and the reason would be lost
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            if (cancellationToken.IsCancellationRequested && socket.State == WebSocketState.Open)
            {
                await CloseAsync(); // the gateway stops
            }
        }
        finally
        {
            await end.CancelAsync();
            await receiving;
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        while (await _messages.Reader.WaitToReadAsync(cancellationToken))
        {
            while (!_overrun && _messages.Reader.TryRead(out byte[]? message))
            {
                using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                deadline.CancelAfter(sendTimeout);
                await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, deadline.Token);
            }

            if (_overrun)
            {
                return;
            }
        }
    }

    /// <summary>What a listener says is not listened to, but its close frame ends the feed, and reading is what lets pongs in.</summary>
    private async Task ReceiveAsync(CancellationTokenSource end)
    {
        byte[] buffer = new byte[256];
        try
        {
            while ((await socket.ReceiveAsync(buffer.AsMemory(), end.Token)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // it is gone: ended below like a polite one
        }

        _messages.Writer.TryComplete();
        await end.CancelAsync();
    }

    private async Task CloseAsync()
    {
        using var deadline = new CancellationTokenSource(sendTimeout);
        (WebSocketCloseStatus status, string reason) = _overrun
            ? (WebSocketCloseStatus.PolicyViolation, "too slow: events were waiting")
            : (WebSocketCloseStatus.NormalClosure, "");
        try
        {
            await socket.CloseOutputAsync(status, reason, deadline.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // the peer does not take even this: the connection is closed without
        }
    }
}

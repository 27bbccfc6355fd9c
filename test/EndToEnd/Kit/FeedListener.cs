using System.Net.WebSockets;
using System.Text;

namespace RPort.EndToEnd.Kit;

/// <summary>A listener on the upload feed.</summary>
internal sealed class FeedListener : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();

    private FeedListener()
    {
    }

    public static async Task<FeedListener> ConnectAsync(GatewayProcess gateway, string query = "")
    {
        FeedListener listener = new();
        listener._socket.Options.SetRequestHeader("Authorization", GatewayProcess.BasicAuthorization.ToString());
        await listener._socket.ConnectAsync(new Uri($"ws://127.0.0.1:{gateway.ApiPort}/api/v1/ws/uploads{query}"), CancellationToken.None);
        return listener;
    }

    /// <summary>The next messages.</summary>
    public async Task<IReadOnlyList<string>> ReceiveAsync(int count, TimeSpan limit)
    {
        using CancellationTokenSource deadline = new(limit);
        List<string> messages = [];
        byte[] buffer = new byte[1 << 16];
        while (messages.Count < count)
        {
            WebSocketReceiveResult result = await _socket.ReceiveAsync(buffer, deadline.Token);
            Assert.Equal(WebSocketMessageType.Text, result.MessageType);
            Assert.True(result.EndOfMessage);
            messages.Add(Encoding.UTF8.GetString(buffer, 0, result.Count));
        }

        return messages;
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}

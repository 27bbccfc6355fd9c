using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using RPort.Protocol;

namespace RPort.Load.Agents;

/// <summary>Dials the gateway from a chosen address and upgrades to a WebSocket, with as few objects per connection as it takes.</summary>
internal sealed class Dial(IPEndPoint gateway)
{
    private const int MaxAnswerBytes = 4096;

    /// <exception cref="IOException">The gateway did not take the connection.</exception>
    public async Task<Stream> ConnectAsync(IPAddress source, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Bind(new IPEndPoint(source, 0));
            await socket.ConnectAsync(gateway, cancellationToken);
            NetworkStream stream = new(socket, ownsSocket: true);
            await UpgradeAsync(stream, cancellationToken);
            WebSocket web = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = false, KeepAliveInterval = TimeSpan.Zero });
            return new WebSocketByteStream(web, stream);
        }
        catch (Exception e)
        {
            socket.Dispose();
            throw e is SocketException ? new IOException(e.Message, e) : e;
        }
    }

    private async Task UpgradeAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"GET / HTTP/1.1\r\nHost: {gateway}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + $"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {RequestNames.WebSocketProtocol}\r\nUser-Agent: rport load\r\n\r\n"),
            cancellationToken);

        // The gateway's first SSH line may come along with the head: what is looked at first is taken only up to the head's end.
        byte[] head = new byte[MaxAnswerBytes];
        int length = 0;
        while (!head.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
        {
            int seen = length < head.Length ? await stream.Socket.ReceiveAsync(head.AsMemory(length), SocketFlags.Peek, cancellationToken) : 0;
            if (seen == 0)
            {
                throw new IOException("the gateway closed the connection before it answered");
            }

            int end = head.AsSpan(0, length + seen).IndexOf("\r\n\r\n"u8);
            int taken = end < 0 ? seen : end + 4 - length;
            await stream.ReadExactlyAsync(head.AsMemory(length, taken), cancellationToken);
            length += taken;
        }

        if (head.AsSpan(0, length).StartsWith("HTTP/1.1 503 "u8))
        {
            throw new BusyException(RetryAfter(Encoding.ASCII.GetString(head, 0, length)));
        }

        if (!head.AsSpan(0, length).StartsWith("HTTP/1.1 101 "u8))
        {
            throw new IOException(Encoding.ASCII.GetString(head, 0, 12));
        }
    }

    private static TimeSpan RetryAfter(string head)
    {
        const string Header = "\r\nRetry-After: ";
        int at = head.IndexOf(Header, StringComparison.OrdinalIgnoreCase);
        string text = at < 0 ? "" : head[(at + Header.Length)..];
        return int.TryParse(text.Split('\r')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;
    }
}

/// <summary>The gateway answered 503.</summary>
/// <param name="retryAfter">When it wants to be tried again.</param>
internal sealed class BusyException(TimeSpan retryAfter) : IOException("503")
{
    public TimeSpan RetryAfter => retryAfter;
}

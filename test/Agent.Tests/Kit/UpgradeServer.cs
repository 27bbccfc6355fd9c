using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;

namespace RPort.Agent.Tests.Kit;

/// <summary>
/// Accepts WebSocket upgrades as existing gateways do: the sub-protocol is compared exactly and not echoed. What happens on the socket is up to
/// the derived class; this one echoes.
/// </summary>
internal class UpgradeServer(int port = 0) : Loopback(port)
{
    /// <summary>Heads of all requests.</summary>
    public List<string> Heads { get; } = [];

    /// <summary>Local ports and addresses dialled from.</summary>
    public List<string> Peers { get; } = [];

    public string Url => $"ws://127.0.0.1:{Port}";

    protected override async Task ServeAsync(TcpClient client, NetworkStream stream, CancellationToken cancellationToken)
    {
        string head = await ReadHeadAsync(stream, cancellationToken);
        lock (Heads)
        {
            Heads.Add(head);
            Peers.Add(client.Client.RemoteEndPoint!.ToString()!);
        }

        string? key = Header(head, "Sec-WebSocket-Key");
        if (key is null || Header(head, "Sec-WebSocket-Protocol") != "rport-v1")
        {
            await stream.WriteAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), cancellationToken);
            return;
        }

#pragma warning disable CA5350 // RFC 6455 §4.2.2
        string accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"), cancellationToken);
        using WebSocket socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true });
        await TalkAsync(socket, cancellationToken);
    }

    protected virtual async Task TalkAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken) is { MessageType: not WebSocketMessageType.Close } received)
        {
            await socket.SendAsync(buffer.AsMemory(0, received.Count), WebSocketMessageType.Binary, received.EndOfMessage, cancellationToken);
        }
    }

    public static string? Header(string head, string name) => head.Split("\r\n")
        .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(line => line[(name.Length + 1)..].Trim())
        .FirstOrDefault();
}

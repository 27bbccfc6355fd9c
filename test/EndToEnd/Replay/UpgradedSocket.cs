using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using RPort.EndToEnd.Kit;
using RPort.Protocol;

namespace RPort.EndToEnd.Replay;

/// <summary>The HTTP upgrade of a recorded agent, byte for byte, and the raw bytes that follow.</summary>
internal sealed class UpgradedSocket : IDisposable
{
    private readonly TcpClient _tcp;
    private readonly NetworkStream _stream;

    private UpgradedSocket(TcpClient tcp)
    {
        _tcp = tcp;
        _stream = tcp.GetStream();
    }

    public string StatusLine { get; private set; } = "";

    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Sends the recorded request and reads the head of the answer.</summary>
    public static async Task<UpgradedSocket> OpenAsync(GatewayProcess gateway, string protocol = "rport-v1", bool upgrade = true)
    {
        TcpClient tcp = new();
        await tcp.ConnectAsync(IPAddress.Loopback, gateway.AgentPort);
        UpgradedSocket socket = new(tcp);
        string[] lines =
        [
            "GET / HTTP/1.1",
            $"Host: 127.0.0.1:{gateway.AgentPort}",
            "User-Agent: rport 0.9.14-local",
            .. upgrade ? ["Connection: Upgrade", "Sec-WebSocket-Key: iSeG7Ncq5QldD+VgMQ3rFw==", $"Sec-WebSocket-Protocol: {protocol}", "Sec-WebSocket-Version: 13", "Upgrade: websocket"] : Array.Empty<string>(),
            "",
            "",
        ];
        await socket._stream.WriteAsync(Encoding.ASCII.GetBytes(string.Join("\r\n", lines)));
        await socket.ReadHeadAsync();
        return socket;
    }

    /// <summary>One whole unmasked frame: its first byte and what is in it.</summary>
    public async Task<(byte Head, byte[] Payload)> ReadFrameAsync()
    {
        byte[] head = await ReadAsync(2);
        int length = head[1] == 126 ? BinaryPrimitives.ReadUInt16BigEndian(await ReadAsync(2)) : head[1];
        return (head[0], await ReadAsync(length));
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(20));
        byte[] bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes, deadline.Token);
        return bytes;
    }

    /// <summary>The rest of the connection as the byte stream inside the frames.</summary>
    public Stream AsByteStream() => new WebSocketByteStream(
        WebSocket.CreateFromStream(_stream, new WebSocketCreationOptions { IsServer = false, KeepAliveInterval = TimeSpan.Zero }), _tcp);

    public void Dispose() => _tcp.Dispose();

    private async Task ReadHeadAsync()
    {
        StringBuilder head = new();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await ReadAsync(1))[0]);
        }

        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        StatusLine = lines[0];
        foreach (string line in lines[1..])
        {
            int colon = line.IndexOf(':');
            Headers.Add(line[..colon], line[(colon + 1)..].Trim());
        }
    }
}

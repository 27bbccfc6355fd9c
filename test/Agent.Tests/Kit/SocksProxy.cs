using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RPort.Agent.Tests.Kit;

/// <summary>A SOCKS5 proxy (RFC 1928) that knows CONNECT, with a login (RFC 1929) where one is given.</summary>
internal sealed class SocksProxy(string? login = null) : Loopback
{
    /// <summary>Targets asked for, as they were named.</summary>
    public List<string> Targets { get; } = [];

    protected override async Task ServeAsync(TcpClient client, NetworkStream stream, CancellationToken cancellationToken)
    {
        byte[] methods = await ReadAsync((await ReadAsync(2))[1]);
        byte wanted = login is null ? (byte)0 : (byte)2;
        await stream.WriteAsync(new byte[] { 5, methods.Contains(wanted) ? wanted : (byte)0xff }, cancellationToken);
        if (login is not null)
        {
            string user = Encoding.UTF8.GetString(await ReadAsync((await ReadAsync(2))[1]));
            string password = Encoding.UTF8.GetString(await ReadAsync((await ReadAsync(1))[0]));
            bool right = $"{user}:{password}" == login;
            await stream.WriteAsync(new byte[] { 1, right ? (byte)0 : (byte)1 }, cancellationToken);
            if (!right)
            {
                return;
            }
        }

        byte[] request = await ReadAsync(4);
        string host = request[3] switch
        {
            1 => new IPAddress(await ReadAsync(4)).ToString(),
            4 => new IPAddress(await ReadAsync(16)).ToString(),
            _ => Encoding.ASCII.GetString(await ReadAsync((await ReadAsync(1))[0])),
        };
        byte[] port = await ReadAsync(2);
        lock (Targets)
        {
            Targets.Add(host);
        }

        await stream.WriteAsync(new byte[] { 5, 0, 0, 1, 127, 0, 0, 1, 0, 0 }, cancellationToken);
        await RelayAsync(stream, host, (port[0] << 8) | port[1], cancellationToken);

        async Task<byte[]> ReadAsync(int count)
        {
            byte[] bytes = new byte[count];
            await stream.ReadExactlyAsync(bytes, cancellationToken);
            return bytes;
        }
    }
}

using System.Net.Sockets;
using System.Text;

namespace RPort.Agent.Tests.Kit;

/// <summary>An HTTP proxy that knows CONNECT and nothing else, with a login where one is given.</summary>
internal sealed class ConnectProxy(string? login = null) : Loopback
{
    /// <summary>First lines of all requests.</summary>
    public List<string> Requests { get; } = [];

    protected override async Task ServeAsync(TcpClient client, NetworkStream stream, CancellationToken cancellationToken)
    {
        while (true)
        {
            string head = await ReadHeadAsync(stream, cancellationToken);
            string first = head[..head.IndexOf("\r\n", StringComparison.Ordinal)];
            lock (Requests)
            {
                Requests.Add(first);
            }

            string expected = login is null ? "" : "Proxy-Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(login));
            if (!head.Contains(expected, StringComparison.OrdinalIgnoreCase))
            {
                await AnswerAsync("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n");
                continue;
            }

            string[] words = first.Split(' ');
            if (words[0] != "CONNECT")
            {
                await AnswerAsync("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n");
                return;
            }

            await AnswerAsync("HTTP/1.1 200 Connection established\r\n\r\n");
            int colon = words[1].LastIndexOf(':');
            await RelayAsync(stream, words[1][..colon], int.Parse(words[1][(colon + 1)..]), cancellationToken);
            return;
        }

        async Task AnswerAsync(string text) => await stream.WriteAsync(Encoding.ASCII.GetBytes(text), cancellationToken);
    }
}

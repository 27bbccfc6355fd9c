using System.Net;
using System.Net.Sockets;
using System.Text;
using RPort.Load.Agents;

namespace RPort.Load.Tests.Agents;

public sealed class DialTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TcpListener _gateway = new(IPAddress.Loopback, 0);

    public DialTests() => _gateway.Start();

    public void Dispose() => _gateway.Dispose();

    [Theory]
    [InlineData("Retry-After: 7\r\n", 7)]
    [InlineData("Server: x\r\nretry-after: 12\r\n", 12)]
    [InlineData("Retry-After: soon\r\n", 0)]
    [InlineData("", 0)]
    public async Task A_busy_gateway_says_when_to_come_again(string header, int seconds)
    {
        BusyException busy = await Assert.ThrowsAsync<BusyException>(() => DialAsync($"HTTP/1.1 503 Service Unavailable\r\n{header}Content-Length: 0\r\n\r\n"));
        Assert.Equal(TimeSpan.FromSeconds(seconds), busy.RetryAfter);
    }

    [Fact]
    public async Task Another_answer_is_told_as_it_is() =>
        Assert.Equal("HTTP/1.1 404", (await Assert.ThrowsAsync<IOException>(() => DialAsync("HTTP/1.1 404 Not Found\r\n\r\n"))).Message);

    private async Task DialAsync(string answer)
    {
        Task<Stream> dial = new Dial((IPEndPoint)_gateway.LocalEndpoint).ConnectAsync(IPAddress.Loopback, CancellationToken.None);
        using Socket socket = await _gateway.AcceptSocketAsync().WaitAsync(Patience);
        await socket.SendAsync(Encoding.ASCII.GetBytes(answer));
        await (await dial.WaitAsync(Patience)).DisposeAsync();
    }
}

using System.Net;
using System.Net.Sockets;
using RPort.Load.Figures;
using RPort.Load.Server;
using RPort.Load.Soak;
using RPort.Load.Targets;

namespace RPort.Load.Tests.Soak;

/// <summary>Users of tunnels must notice what is wrong with what comes back; here they talk to an echo, or a liar, without a tunnel between.</summary>
public sealed class TalkTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _stop = new();
    private readonly Violations _violations = new();
    private readonly TalkCounts _counts = new();
    private Task _talk = Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _talk.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    [Fact]
    public async Task True_echoes_are_counted()
    {
        await using TcpEcho echo = new();
        Talk(echo.Port);
        await UntilAsync(() => _counts.Echoes >= 3);
        Assert.Equal(0, _violations.Count);
        Assert.True(_counts.Bytes >= 3);
    }

    [Fact]
    public async Task True_datagrams_are_counted()
    {
        await using UdpEcho echo = new();
        TalkUdp(echo.Port);
        await UntilAsync(() => _counts.Echoes >= 3);
        Assert.Equal(0, _violations.Count);
    }

    [Fact]
    public async Task One_wrong_byte_is_noticed()
    {
        using TcpListener liar = new(IPAddress.Loopback, 0);
        liar.Start();
        Talk(((IPEndPoint)liar.LocalEndpoint).Port);
        using Socket socket = await liar.AcceptSocketAsync().WaitAsync(Patience);
        byte[] message = new byte[1 << 20];
        int length = await socket.ReceiveAsync(message).WaitAsync(Patience);
        message[length - 1] ^= 1;
        await socket.SendAsync(message.AsMemory(0, length));
        await UntilAsync(() => _violations.Count == 1);
        Assert.Contains("wrong bytes", _violations.Texts[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cut_connection_is_no_violation_and_is_followed_by_the_next()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Talk(((IPEndPoint)listener.LocalEndpoint).Port);
        (await listener.AcceptSocketAsync().WaitAsync(Patience)).Dispose();
        using Socket next = await listener.AcceptSocketAsync().WaitAsync(Patience);
        Assert.Equal(1, _counts.Cuts);
        Assert.Equal(0, _violations.Count);
    }

    [Theory]
    [InlineData(0)] // a bit
    [InlineData(1)] // the last byte is missing
    public async Task A_datagram_that_was_changed_is_noticed(int lie)
    {
        using Socket liar = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        liar.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        TalkUdp(((IPEndPoint)liar.LocalEndPoint!).Port);
        byte[] datagram = new byte[2000];
        SocketReceiveFromResult received = await liar.ReceiveFromAsync(datagram, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(Patience);
        datagram[received.ReceivedBytes - 1] ^= (byte)(1 - lie);
        await liar.SendToAsync(datagram.AsMemory(0, received.ReceivedBytes - lie), received.RemoteEndPoint);
        await UntilAsync(() => _violations.Count == 1);
        Assert.Equal(0, _counts.Echoes);
    }

    private void Talk(int port) => _talk = new TcpTalk(Tunnel(port), new Random(1), _counts, _violations).RunAsync(_stop.Token);

    private void TalkUdp(int port) => _talk = new UdpTalk(Tunnel(port), new Random(1), _counts, _violations).RunAsync(_stop.Token);

    private static OpenedTunnel Tunnel(int port) => new("a", "1", port);

    private static async Task UntilAsync(Func<bool> isTrue)
    {
        using CancellationTokenSource patience = new(Patience);
        while (!isTrue())
        {
            await Task.Delay(10, patience.Token);
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using RPort.Agent.Configuration;
using RPort.Agent.Connection;
using RPort.Agent.Tests.Kit;

namespace RPort.Agent.Tests.Connection;

public sealed class DialTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_gateway_that_does_not_echo_the_sub_protocol_is_dialled_on_the_root_path()
    {
        await using UpgradeServer server = new();
        await EchoesAsync(server.Url, new AgentOptions());
        Assert.StartsWith("GET / HTTP/1.1\r\n", server.Heads[0], StringComparison.Ordinal);
        Assert.Equal("rport-v1", UpgradeServer.Header(server.Heads[0], "Sec-WebSocket-Protocol"));
        Assert.Equal("rport 9.9.9", UpgradeServer.Header(server.Heads[0], "User-Agent"));
        Assert.Null(UpgradeServer.Header(server.Heads[0], "Sec-WebSocket-Extensions"));
    }

    [Fact]
    public async Task Headers_and_host_are_the_configured_ones()
    {
        await using UpgradeServer server = new();
        AgentOptions options = new();
        options.Connection.Headers = new Dictionary<string, string> { ["X-Key"] = "k1", ["User-Agent"] = "mine/1" };
        options.Connection.Hostname = "gw.example:9999";
        await EchoesAsync(server.Url + "/way", options);
        Assert.StartsWith("GET /way HTTP/1.1\r\n", server.Heads[0], StringComparison.Ordinal);
        Assert.Equal("k1", UpgradeServer.Header(server.Heads[0], "X-Key"));
        Assert.Equal("mine/1", UpgradeServer.Header(server.Heads[0], "User-Agent"));
        Assert.Equal("gw.example:9999", UpgradeServer.Header(server.Heads[0], "Host"));
    }

    [Theory]
    [InlineData(null, "http://127.0.0.1")]
    [InlineData("me:s3cret", "http://me:s3cret@127.0.0.1")]
    public async Task An_http_proxy_is_asked_to_connect(string? login, string url)
    {
        await using UpgradeServer server = new();
        await using ConnectProxy proxy = new(login);
        await EchoesAsync(server.Url, Through($"{url}:{proxy.Port}"));
        Assert.Equal($"CONNECT 127.0.0.1:{server.Port} HTTP/1.1", proxy.Requests[^1]);
        Assert.All(proxy.Requests, request => Assert.StartsWith("CONNECT ", request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_login_at_an_http_proxy_is_a_failed_dial()
    {
        await using UpgradeServer server = new();
        await using ConnectProxy proxy = new("me:right");
        await Assert.ThrowsAsync<DialException>(() => DialAsync(server.Url, Through($"http://me:wrong@127.0.0.1:{proxy.Port}")));
        Assert.Equal(0, server.Accepted);
    }

    [Theory]
    [InlineData(null, "socks5://127.0.0.1")]
    [InlineData(null, "socks5h://127.0.0.1")]
    [InlineData("me:s3cret", "socks://me:s3cret@127.0.0.1")]
    public async Task A_socks_proxy_is_gone_through_and_resolves_names(string? login, string url)
    {
        await using UpgradeServer server = new();
        await using SocksProxy proxy = new(login);
        await EchoesAsync($"ws://localhost:{server.Port}", Through($"{url}:{proxy.Port}"));
        Assert.Equal(["localhost"], proxy.Targets);
    }

    [Fact]
    public async Task A_wrong_login_at_a_socks_proxy_is_a_failed_dial()
    {
        await using UpgradeServer server = new();
        await using SocksProxy proxy = new("me:right");
        await Assert.ThrowsAsync<DialException>(() => DialAsync(server.Url, Through($"socks5://me:wrong@127.0.0.1:{proxy.Port}")));
        Assert.Equal(0, server.Accepted);
    }

    [Fact]
    public async Task The_dial_comes_from_the_bound_address()
    {
        await using UpgradeServer server = new();
        AgentOptions options = new();
        options.Client.BindAddress = "127.0.0.7";
        await EchoesAsync(server.Url, options);
        Assert.StartsWith("127.0.0.7:", server.Peers[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_dial_comes_from_the_bound_interface()
    {
        await using UpgradeServer server = new();
        AgentOptions options = new();
        options.Client.BindInterface = "lo";
        await EchoesAsync(server.Url, options);
        options.Client.BindInterface = "none0";
        await Assert.ThrowsAsync<DialException>(() => DialAsync(server.Url, options));
    }

    [Fact]
    public async Task A_server_that_is_no_gateway_is_a_failed_dial()
    {
        await using NotAGateway server = new();
        DialException failed = await Assert.ThrowsAsync<DialException>(() => DialAsync($"ws://127.0.0.1:{server.Port}", new AgentOptions()));
        Assert.Contains("404", failed.InnerException!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("503 Service Unavailable", "Retry-After: 10\r\n", 10)]
    [InlineData("429 Too Many Requests", "retry-after: 7\r\n", 7)]
    [InlineData("503 Service Unavailable", "", null)]
    [InlineData("503 Service Unavailable", "Retry-After: soon\r\n", null)]
    [InlineData("403 Forbidden", "Retry-After: 10\r\n", null)]
    public async Task A_busy_gateway_says_when_to_come_again(string status, string header, int? seconds)
    {
        await using NotAGateway server = new() { Answer = $"HTTP/1.1 {status}\r\n{header}Content-Length: 0\r\n\r\n" };
        DialException failed = await Assert.ThrowsAsync<DialException>(() => DialAsync($"ws://127.0.0.1:{server.Port}", new AgentOptions()));
        Assert.Equal(seconds, (int?)failed.RetryAfter?.Delta?.TotalSeconds);
    }

    [Fact]
    public async Task A_dial_to_a_peer_that_stays_silent_ends_with_the_token()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        using CancellationTokenSource cancel = new();
        Task<Stream> dial = DialAsync($"ws://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}", new AgentOptions(), cancel.Token);
        using TcpClient accepted = await silent.AcceptTcpClientAsync().WaitAsync(Patience);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dial.WaitAsync(Patience));
    }

    [Fact]
    public async Task The_end_of_the_web_socket_is_the_end_of_the_stream()
    {
        await using UpgradeServer server = new();
        Stream stream = await DialAsync(server.Url, new AgentOptions());
        ValueTask<int> read = stream.ReadAsync(new byte[10]);
        await server.DisposeAsync();
        try
        {
            Assert.Equal(0, await read.AsTask().WaitAsync(Patience));
        }
        catch (IOException)
        {
            // A cut connection may be told as an error as well.
        }

        await stream.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => stream.WriteAsync(new byte[1]).AsTask());
    }

    private static AgentOptions Through(string proxy)
    {
        AgentOptions options = new();
        options.Client.Proxy = proxy;
        return options;
    }

    private static Task<Stream> DialAsync(string url, AgentOptions options, CancellationToken cancellationToken = default)
    {
        Assert.True(ServerAddress.TryParse(url, out ServerAddress? server, out _));
        return new GatewayDialer(options.Client, options.Connection, "rport 9.9.9").DialAsync(server, cancellationToken);
    }

    private static async Task EchoesAsync(string url, AgentOptions options)
    {
        await using Stream stream = await DialAsync(url, options).WaitAsync(Patience);
        byte[] sent = new byte[100_000];
        new Random(1).NextBytes(sent);
        byte[] received = new byte[sent.Length];
        Task reading = stream.ReadExactlyAsync(received).AsTask();
        await stream.WriteAsync(sent);
        await reading.WaitAsync(Patience);
        Assert.Equal(sent, received);
    }

    private sealed class NotAGateway : Loopback
    {
        public string Answer { get; init; } = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

        protected override async Task ServeAsync(TcpClient client, NetworkStream stream, CancellationToken cancellationToken)
        {
            await ReadHeadAsync(stream, cancellationToken);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Answer), cancellationToken);
        }
    }
}

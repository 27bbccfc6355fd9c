using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RPort.Gateway.Tests.Agents;
using RPort.Gateway.Tunnels.Live.Http;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Tunnels.Live;

/// <summary>A web server in the agent's network, reached over HTTPS on a port of the gateway.</summary>
public sealed class HttpTunnelTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rport-proxy");
    private WebApplication _site = null!;
    private TunnelBench _bench = null!;
    private Uri _address = null!;

    public async Task InitializeAsync()
    {
        (string certificate, string key) = WriteCertificate();
        _bench = await TunnelBench.StartAsync(("Tunnels:ProxyCertFile", certificate), ("Tunnels:ProxyKeyFile", key));
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _site = builder.Build();
        _site.UseWebSockets();
        _site.Run(AnswerAsync);
        await _site.StartAsync();
        _address = new Uri(_site.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public async Task DisposeAsync()
    {
        await _bench.DisposeAsync();
        await _site.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task The_target_sees_the_caller_as_he_is_and_not_as_he_claims()
    {
        LiveTunnel tunnel = await _bench.OpenAsync(Spec() with { HostHeader = "printer.lan" });
        using HttpClient user = User();
        using HttpRequestMessage request = new(HttpMethod.Post, $"https://127.0.0.1:{tunnel.Tunnel.Spec.LocalPort}/seen?x=1") { Content = new StringContent("body") };
        request.Headers.Add("X-Forwarded-For", "203.0.113.9");
        request.Headers.Add("X-Real-IP", "203.0.113.9");
        request.Headers.Add("Forwarded", "for=203.0.113.9");
        request.Headers.Add("X-Own", "kept");
        using HttpResponseMessage answer = await user.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal("there", answer.Headers.GetValues("X-Site").Single());
        Assert.Equal(
            $"POST /seen?x=1 printer.lan for=127.0.0.1 proto=https host=127.0.0.1:{tunnel.Tunnel.Spec.LocalPort} real= forwarded= own=kept auth= body=body", await answer.Content.ReadAsStringAsync());
        LiveTunnel view = await _bench.ViewAsync(tunnel);
        Assert.True(view is { BytesIn: > 100, BytesOut: > 100, TotalConnections: 1 });
    }

    [Fact]
    public async Task A_user_and_a_password_can_be_asked_for_and_stay_here()
    {
        LiveTunnel tunnel = await _bench.OpenAsync(Spec() with { AuthUser = "ann", AuthPasswordHash = ProxyLogin.HashOf("s3cret") });
        using HttpClient user = User();
        Uri url = new($"https://127.0.0.1:{tunnel.Tunnel.Spec.LocalPort}/");
        using (HttpResponseMessage none = await user.GetAsync(url))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, none.StatusCode);
            Assert.Equal("Basic", none.Headers.WwwAuthenticate.Single().Scheme);
        }

        user.DefaultRequestHeaders.Authorization = Basic("ann:s3cret");
        Assert.Contains("auth= ", await user.GetStringAsync(url), StringComparison.Ordinal);
        user.DefaultRequestHeaders.Authorization = Basic("ann:wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, (await user.GetAsync(url)).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await user.GetAsync(url)).StatusCode); // guessing is slow
        user.DefaultRequestHeaders.Authorization = Basic("ann:s3cret");
        Assert.Equal(HttpStatusCode.OK, (await user.GetAsync(url)).StatusCode); // who is known does not wait
    }

    [Fact]
    public async Task Strangers_do_not_get_to_the_handshake_and_a_tighter_list_cuts()
    {
        LiveTunnel tunnel = await _bench.OpenAsync(Spec() with { Acl = "192.0.2.1" });
        using HttpClient user = User();
        Uri url = new($"https://127.0.0.1:{tunnel.Tunnel.Spec.LocalPort}/");
        await Assert.ThrowsAsync<HttpRequestException>(() => user.GetStringAsync(url));
        Assert.IsType<Done>(await _bench.AskAsync((id, time) => new ChangeTunnelAcl(id, time, tunnel.Tunnel.Id, "127.0.0.1")));
        using ClientWebSocket socket = await WebSocketAsync(tunnel);
        Assert.IsType<Done>(await _bench.AskAsync((id, time) => new ChangeTunnelAcl(id, time, tunnel.Tunnel.Id, "192.0.2.1")));
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[10], default).WaitAsync(TestAgent.Patience));
    }

    [Fact]
    public async Task Web_sockets_pass()
    {
        LiveTunnel tunnel = await _bench.OpenAsync(Spec());
        using ClientWebSocket socket = await WebSocketAsync(tunnel);
        await socket.SendAsync("echo me"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, default);
        byte[] heard = new byte[64];
        WebSocketReceiveResult result = await socket.ReceiveAsync(heard, default).WaitAsync(TestAgent.Patience);
        Assert.Equal("echo me", Encoding.UTF8.GetString(heard, 0, result.Count));
    }

    [Fact]
    public async Task A_target_that_is_away_is_a_bad_gateway_with_a_reason()
    {
        using Socket nobody = TunnelBench.Listen();
        LiveTunnel tunnel = await _bench.OpenAsync(Spec() with { RemotePort = TunnelBench.PortOf(nobody) });
        nobody.Dispose();
        using HttpClient user = User();
        using HttpResponseMessage answer = await user.GetAsync(new Uri($"https://127.0.0.1:{tunnel.Tunnel.Spec.LocalPort}/"));
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("refused", await answer.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("refused", (await _bench.ViewAsync(tunnel)).Error, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            byte[] buffer = new byte[64];
            while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } heard)
            {
                await socket.SendAsync(buffer.AsMemory(0, heard.Count), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
            }

            return;
        }

        HttpRequest request = context.Request;
        using StreamReader body = new(request.Body);
        string text = await body.ReadToEndAsync();
        IHeaderDictionary h = request.Headers;
        context.Response.StatusCode = request.Method == "POST" ? 202 : 200;
        context.Response.Headers["X-Site"] = "there";
        await context.Response.WriteAsync(
            $"{request.Method} {request.Path}{request.QueryString} {request.Host} for={h["X-Forwarded-For"]} proto={h["X-Forwarded-Proto"]} host={h["X-Forwarded-Host"]} "
            + $"real={h["X-Real-IP"]} forwarded={h["Forwarded"]} own={h["X-Own"]} auth={h.Authorization} body={text}");
    }

    private static HttpClient User() => new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate!.Subject == "CN=tunnels.example" },
    });

    private static AuthenticationHeaderValue Basic(string pair) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));

    private static async Task<ClientWebSocket> WebSocketAsync(LiveTunnel tunnel)
    {
        ClientWebSocket socket = new();
        socket.Options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{tunnel.Tunnel.Spec.LocalPort}/ws"), default).WaitAsync(TestAgent.Patience);
        return socket;
    }

    private TunnelSpec Spec() => new()
    {
        Owner = "admin",
        LocalHost = "127.0.0.1",
        LocalPortRandom = true,
        RemoteHost = "127.0.0.1",
        RemotePort = _address.Port,
        Acl = "127.0.0.1",
        Scheme = "http",
        HttpProxy = true,
    };

    private (string Certificate, string Key) WriteCertificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=tunnels.example", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        string certificateFile = Path.Combine(_folder.FullName, "tls.crt");
        string keyFile = Path.Combine(_folder.FullName, "tls.key");
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return (certificateFile, keyFile);
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RPort.EndToEnd.Kit;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.EndToEnd.Replay;

/// <summary>Tunnels through existing agents.</summary>
[Collection(ReplayGateway.Collection)]
public sealed class TunnelReplayTests(ReplayGateway gateway)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_recorded_tunnel_is_made_and_used_again()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "tunnel");
        agent.Answer(RequestNames.CheckTunnelAllowed, """{"IsAllowed": true}""");
        agent.Answer(RequestNames.CheckPort, """{"Open": true, "ErrMsg": ""}""");
        TaskCompletionSource<string> opened = new();
        TaskCompletionSource<SshChannel> served = new();
        agent.OnChannel = open =>
        {
            opened.SetResult($"{open.Type} {Encoding.UTF8.GetString(open.Data.Span)}");
            return SshChannelVerdict.Accept(async (channel, cancellationToken) =>
            {
                served.SetResult(channel);
                byte[] heard = new byte["hello through go tunnel".Length];
                await channel.AsStream().ReadExactlyAsync(heard, cancellationToken);
                await channel.WriteAsync((byte[])[.. "echo:"u8, .. heard], cancellationToken);

                // Either end of its two copies ends both.
                Assert.Equal(0, await channel.ReadAsync(heard, cancellationToken));
            });
        };
        int port = Loopback.FreePort();
        JsonElement tunnel = await OpenAsync("tunnel", $"local=127.0.0.1:{port}&remote=127.0.0.1:21222&scheme=http&acl=127.0.0.1&idle-timeout-minutes=5&name=echo-tunnel");

        Assert.Equal("""{"Remote":"127.0.0.1:21222"}""", await agent.HeardTextAsync(RequestNames.CheckTunnelAllowed));
        Assert.Equal("""{"HostPort":"127.0.0.1:21222","Timeout":2000000000}""", await agent.HeardTextAsync(RequestNames.CheckPort));
        Assert.Equal(
            $$"""{"name":"echo-tunnel","protocol":"tcp","lhost":"127.0.0.1","lport":"{{port}}","lport_random":false,"owner":"admin","rhost":"127.0.0.1","rport":"21222","scheme":"http","acl":"127.0.0.1","idle_timeout_minutes":5,"auto_close":0,"http_proxy":false,"host_header":"","auth_user":"","auth_password":"","tunnel_url":""}""",
            Recorded(tunnel));
        Assert.Matches("^[0-9]+$", tunnel.GetProperty("id").GetString());

        using TcpClient user = await ConnectAsync(port);
        await user.GetStream().WriteAsync("hello through go tunnel"u8.ToArray());
        Assert.Equal("rport 127.0.0.1:21222", await opened.Task.WaitAsync(Patience));
        Assert.Equal("echo:hello through go tunnel", Encoding.UTF8.GetString(await ReadAsync(user, "echo:hello through go tunnel".Length)));
        user.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await user.Client.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        await (await served.Task).Closed.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_target_nobody_listens_on_is_told_in_the_recorded_words()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "closed-target");
        agent.Answer(RequestNames.CheckTunnelAllowed, """{"IsAllowed": true}""");
        agent.Answer(RequestNames.CheckPort, """{"Open": false, "ErrMsg": "dial tcp 127.0.0.1:1: connect: connection refused"}""");
        using HttpResponseMessage refused = await PutAsync("closed-target", $"local=127.0.0.1:{Loopback.FreePort()}&remote=127.0.0.1:1");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        JsonElement error = JsonDocument.Parse(await refused.Content.ReadAsStringAsync()).RootElement.GetProperty("errors")[0];
        Assert.Equal("Port 1 is not in listening state.", error.GetProperty("title").GetString());
        Assert.Equal("dial tcp 127.0.0.1:1: connect: connection refused", error.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_failed_dial_is_a_channel_confirmed_and_closed_and_the_user_is_hung_up_on()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "dial-fails");
        agent.Answer(RequestNames.CheckTunnelAllowed, """{"IsAllowed": true}""");
        agent.OnChannel = _ => SshChannelVerdict.Accept(static (_, _) => Task.CompletedTask);
        int port = Loopback.FreePort();
        await OpenAsync("dial-fails", $"local=127.0.0.1:{port}&remote=127.0.0.1:1&check_port=0");
        using TcpClient user = await ConnectAsync(port);
        Assert.Equal(0, await EndAsync(user));

        // The tunnel is there for the next one.
        TaskCompletionSource again = new();
        agent.OnChannel = _ => SshChannelVerdict.Accept((_, _) =>
        {
            again.SetResult();
            return Task.CompletedTask;
        });
        using TcpClient next = await ConnectAsync(port);
        await again.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task What_its_configuration_does_not_allow_is_refused_at_the_making_and_at_the_use()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "forbids");
        agent.Answer(RequestNames.CheckTunnelAllowed, """{"IsAllowed": false}""");
        agent.Answer(RequestNames.CheckPort, _ => throw new InvalidOperationException("must not be asked"));
        int port = Loopback.FreePort();
        using HttpResponseMessage refused = await PutAsync("forbids", $"local=127.0.0.1:{port}&remote=10.1.1.1:22");
        Assert.False(refused.IsSuccessStatusCode);

        agent.Answer(RequestNames.CheckTunnelAllowed, """{"IsAllowed": true}""");
        agent.OnChannel = _ => SshChannelVerdict.Reject(SshChannelOpenFailure.AdministrativelyProhibited, RequestNames.TunnelNotAllowed);
        await OpenAsync("forbids", $"local=127.0.0.1:{port}&remote=10.1.1.1:22&check_port=0");
        using TcpClient user = await ConnectAsync(port);
        Assert.Equal(0, await EndAsync(user));
        Assert.Equal("success:", await agent.AskAsync(RequestNames.Ping));
    }

    [Fact]
    public async Task Datagrams_are_framed_as_recorded_both_ways()
    {
        await using RecordedAgent agent = await RecordedAgent.ConnectAsync(gateway, "datagrams");
        agent.Answer(RequestNames.CheckTunnelAllowed, """{"IsAllowed": true}""");
        TaskCompletionSource<(string Target, SshChannel Channel)> opened = new();
        TaskCompletionSource over = new();
        agent.OnChannel = open => SshChannelVerdict.Accept((channel, _) =>
        {
            opened.SetResult((Encoding.UTF8.GetString(open.Data.Span), channel));
            return over.Task;
        });
        int port = Loopback.FreePort();
        JsonElement tunnel = await OpenAsync("datagrams", $"local=127.0.0.1:{port}&remote=127.0.0.1:44710&protocol=udp");

        // Before any datagram.
        (string target, SshChannel channel) = await opened.Task.WaitAsync(Patience);
        Assert.Equal("127.0.0.1:44710/udp", target);
        using UdpClient user = BindAsRecorded();
        byte[] Frame(string recorded) => Addressed(recorded, user);
        user.Connect(IPAddress.Loopback, port);

        await user.SendAsync("first datagram"u8.ToArray());
        byte[] expected =
        [
            .. Frame("2bff810301010a5544504d65737361676501ff8200010201044164647201ff8400010444617461010a000000"),
            .. Frame("2eff83030101075544504164647201ff8400010301024950010a000104506f727401040001045a6f6e65010c000000"),
            .. Frame("1fff820101047f00000101fea40c00010e666972737420646174616772616d00"),
        ];
        Assert.Equal(Convert.ToHexStringLower(expected), Convert.ToHexStringLower(await ReadAsync(channel, expected.Length)));
        await channel.WriteAsync(Frame("2bff810301010a5544504d65737361676501ff8200010201044164647201ff8400010444617461010a000000"));
        await channel.WriteAsync(Frame("2eff83030101075544504164647201ff8400010301024950010a000104506f727401040001045a6f6e65010c000000"));
        await channel.WriteAsync(Frame("28ff820101047f00000101fea40c0001177564702d6563686f3a666972737420646174616772616d00"));
        Assert.Equal("udp-echo:first datagram", await ReceiveAsync(user));

        await user.SendAsync("second"u8.ToArray());
        expected = Frame("17ff820101047f00000101fea40c0001067365636f6e6400");
        Assert.Equal(Convert.ToHexStringLower(expected), Convert.ToHexStringLower(await ReadAsync(channel, expected.Length)));
        await channel.WriteAsync(Frame("20ff820101047f00000101fea40c00010f7564702d6563686f3a7365636f6e6400"));
        Assert.Equal("udp-echo:second", await ReceiveAsync(user));

        using HttpResponseMessage closed = await gateway.Process.Api.DeleteAsync($"clients/datagrams/tunnels/{tunnel.GetProperty("id").GetString()}?force=true");
        Assert.Equal(HttpStatusCode.NoContent, closed.StatusCode);
        over.SetResult();
        await channel.Closed.WaitAsync(Patience);
    }

    [Fact]
    public async Task Remotes_of_its_configuration_are_opened_and_listed_with_those_it_had()
    {
        int wanted = Loopback.FreePort();
        int made = Loopback.FreePort();
        JsonNode remotes = JsonNode.Parse(RecordedAgent.Recorded("remotes"))!;
        remotes[0]!["lport"] = $"{wanted}";
        JsonArray listed = JsonNode.Parse(RecordedAgent.Recorded("remotes_reply"))!.AsArray();
        listed[0]!["lport"] = $"{wanted}";
        listed[1]!["lport"] = $"{made}";
        string registration = RecordedAgent.Registration("remotes", remotes);

        await using (RecordedAgent agent = await RecordedAgent.LoginAsync(gateway))
        {
            // Not asked whether it allows what it asks for itself: it would not answer before its registration is answered.
            agent.Answer(RequestNames.CheckTunnelAllowed, _ => throw new InvalidOperationException("must not be asked"));
            Assert.Equal(new JsonArray(listed[0]!.DeepClone()).ToJsonString(), WithoutAcl(await agent.AskAsync(RequestNames.NewConnection, registration)));
            TaskCompletionSource<string> used = new();
            agent.OnChannel = open =>
            {
                used.SetResult(Encoding.UTF8.GetString(open.Data.Span));
                return SshChannelVerdict.Accept(static (_, _) => Task.CompletedTask);
            };
            using TcpClient user = await ConnectAsync(wanted);
            Assert.Equal("127.0.0.1:21222", await used.Task.WaitAsync(Patience));

            agent.Answer(RequestNames.CheckTunnelAllowed, """{"IsAllowed": true}""");
            await OpenAsync("remotes", $"local=127.0.0.1:{made}&remote=127.0.0.1:21300&check_port=0");
        }

        await using RecordedAgent again = await RecordedAgent.LoginAsync(gateway);
        Assert.Equal(listed.ToJsonString(), WithoutAcl(await again.AskAsync(RequestNames.NewConnection, registration)));
        using TcpClient other = await ConnectAsync(made);
    }

    // Who may use a tunnel is narrower here where nobody says it; agents do not look at it.
    private static string WithoutAcl(string reply)
    {
        Assert.StartsWith("success:", reply, StringComparison.Ordinal);
        JsonArray tunnels = JsonNode.Parse(reply["success:".Length..])!.AsArray();
        foreach (JsonNode? tunnel in tunnels)
        {
            Assert.True(tunnel!.AsObject().ContainsKey("acl"));
            tunnel["acl"] = null;
        }

        return tunnels.ToJsonString();
    }

    private static string Recorded(JsonElement tunnel)
    {
        JsonObject view = JsonNode.Parse(tunnel.GetRawText())!.AsObject();
        return new JsonObject(view.Skip(1).TakeWhile(property => property.Key != "created_at").Select(property => KeyValuePair.Create(property.Key, property.Value?.DeepClone()))).ToJsonString();
    }

    // The recorded user came from port 20998; a neighbour has a frame of the same length.
    private static UdpClient BindAsRecorded()
    {
        for (int port = 20998; ; port++)
        {
            try
            {
                return new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
            }
            catch (SocketException) when (port < 21998)
            {
                // taken
            }
        }
    }

    private static byte[] Addressed(string recorded, UdpClient user)
    {
        byte[] port = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(port, (ushort)(((IPEndPoint)user.Client.LocalEndPoint!).Port << 1));
        return Convert.FromHexString(recorded.Replace("fea40c", "fe" + Convert.ToHexStringLower(port), StringComparison.Ordinal));
    }

    private static async Task<string> ReceiveAsync(UdpClient user) => Encoding.UTF8.GetString((await user.ReceiveAsync().WaitAsync(Patience)).Buffer);

    private static async Task<byte[]> ReadAsync(SshChannel channel, int count)
    {
        byte[] bytes = new byte[count];
        await channel.AsStream().ReadExactlyAsync(bytes).AsTask().WaitAsync(Patience);
        return bytes;
    }

    private static async Task<byte[]> ReadAsync(TcpClient user, int count)
    {
        byte[] bytes = new byte[count];
        await user.GetStream().ReadExactlyAsync(bytes).AsTask().WaitAsync(Patience);
        return bytes;
    }

    // FIN or RST: to the user it is over.
    private static async Task<int> EndAsync(TcpClient user)
    {
        try
        {
            return await user.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(Patience);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static async Task<TcpClient> ConnectAsync(int port)
    {
        TcpClient user = new();
        await user.ConnectAsync(IPAddress.Loopback, port).WaitAsync(Patience);
        return user;
    }

    private Task<HttpResponseMessage> PutAsync(string client, string query) => gateway.Process.Api.PutAsync($"clients/{client}/tunnels?{query}", null);

    private async Task<JsonElement> OpenAsync(string client, string query)
    {
        using HttpResponseMessage response = await PutAsync(client, query);
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{(int)response.StatusCode} {body}");
        return JsonDocument.Parse(body).RootElement.GetProperty("data").Clone();
    }
}

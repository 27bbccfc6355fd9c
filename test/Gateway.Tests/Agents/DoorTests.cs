using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Gateway.Tests.Agents;

/// <summary>Who comes in, and who does not.</summary>
public sealed class DoorTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /api/v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: iSeG7Ncq5QldD+VgMQ3rFw==\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: iSeG7Ncq5QldD+VgMQ3rFw==\r\nSec-WebSocket-Protocol: rport-v2\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: iSeG7Ncq5QldD+VgMQ3rFw==\r\nSec-WebSocket-Protocol: RPORT-V1\r\n\r\n")]
    [InlineData("GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: iSeG7Ncq5QldD+VgMQ3rFw==\r\nSec-WebSocket-Protocol: rport-v1\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    public async Task Whatever_is_no_agent_finds_nothing_here(string request)
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();
        string answer = await RawHttp.SendAsync(gateway.Address, request);
        Assert.StartsWith("HTTP/1.1 404 Not Found\r\n", answer);
        Assert.Contains("Content-Length: 0\r\n", answer);
        Assert.EndsWith("\r\n\r\n", answer);
    }

    [Fact]
    public async Task The_upgrade_is_answered_without_the_sub_protocol_as_the_existing_server_does()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();
        string answer = await RawHttp.SendAsync(gateway.Address,
            "GET / HTTP/1.1\r\nHost: 127.0.0.1:18081\r\nUser-Agent: rport 0.9.14-local\r\nConnection: Upgrade\r\nSec-WebSocket-Key: iSeG7Ncq5QldD+VgMQ3rFw==\r\n"
            + "Sec-WebSocket-Protocol: rport-v1\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 101 Switching Protocols\r\n", answer);
        Assert.Contains("Sec-WebSocket-Accept: 5Nhrkdcox2yeWGTx+4Q1Q+p/gNQ=\r\n", answer);
        Assert.DoesNotContain("Sec-WebSocket-Protocol", answer);
    }

    [Theory]
    [InlineData("", "", "aes128-gcm@openssh.com")]
    [InlineData("aes192-ctr", "", "aes192-ctr hmac-sha2-256-etm@openssh.com")]
    [InlineData("aes128-ctr", "hmac-sha2-256", "aes128-ctr hmac-sha2-256")]
    public async Task The_link_is_encrypted_with_what_the_configuration_allows(string cipher, string mac, string used)
    {
        (string, string)[] settings = [.. new[] { ("Agents:Ciphers:0", cipher), ("Agents:Macs:0", mac) }.Where(setting => setting.Item2.Length > 0)];
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(settings);
        await using TestAgent agent = await TestAgent.ConnectAsync(gateway, "one");
        Assert.Equal(used, agent.Connection.Cipher);
    }

    [Theory]
    [InlineData("Agents:Ciphers:0", "3des-cbc")]
    [InlineData("Agents:Macs:0", "hmac-md5")]
    public async Task A_cipher_nobody_has_stops_the_start(string key, string value)
    {
        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() => GatewayUnderTest.StartAsync((key, value)));
        Assert.Contains(value, error.Message);
    }

    [Fact]
    public async Task An_agent_that_registers_is_a_connected_client_and_learns_what_the_gateway_can_do()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();
        await using TestAgent agent = await TestAgent.LoginAsync(gateway);
        using JsonDocument configuration = JsonDocument.Parse("""{"client":{"auth":"fleet:correct horse","server":"ws://x"}}""");
        SshReply reply = await agent.RegisterAsync(new ConnectionRequest
        {
            Id = "one",
            Name = "the first",
            SessionId = "process",
            ClientConfiguration = configuration.RootElement,
        });
        Assert.True(reply.Success);
        Assert.Equal("null", Encoding.UTF8.GetString(reply.Payload.Span));

        SshRequest capabilities = await agent.RequestedAsync(RequestNames.PutCapabilities);
        Assert.False(capabilities.WantsReply);
        Capabilities said = ProtocolJson.TryRead(capabilities.Payload, ProtocolJson.Default.Capabilities)!;
        Assert.Equal(["push2", "inventory2", "tunnel2", "handover1"], said.Features!);

        ClientRecord client = (await gateway.ClientAsync("one"))!;
        Assert.True(client.Connected);
        Assert.Equal("the first", client.Inventory.Name);
        Assert.Equal("127.0.0.1", client.Address);
        Assert.Equal("fleet", client.ClientAuthId);
        Assert.DoesNotContain("horse", client.Inventory.ConfigurationJson);
        Assert.Contains("ws://x", client.Inventory.ConfigurationJson);
        Assert.Equal(1, gateway.Sessions.Count);

        Assert.Equal("success:", await agent.TextOfAsync(RequestNames.Ping, []));
        await agent.DisposeAsync();
        await GatewayUnderTest.UntilAsync(async () => (await gateway.ClientAsync("one"))!.Connected == false);
        Assert.Equal(0, gateway.Sessions.Count);
    }

    [Fact]
    public async Task The_inventory_may_come_later()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();
        await using TestAgent agent = await TestAgent.ConnectAsync(gateway, "one", ProtocolFeatures.Inventory2);
        byte[] late = ProtocolJson.Write(new ConnectionRequest { Id = "another", Name = "late", NumCpus = 7 }, ProtocolJson.Default.ConnectionRequest);
        Assert.True((await agent.RequestAsync(RequestNames.UpdateInventory, late)).Success);
        ClientRecord client = (await gateway.ClientAsync("one"))!;
        Assert.Equal(("late", 7), (client.Inventory.Name, client.Inventory.NumCpus));
        Assert.Null(await gateway.ClientAsync("another"));
    }

    [Fact]
    public async Task A_second_registration_is_refused_and_ends_the_session()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(("Agents:Sessions:RefusalLinger", "00:00:00.2"));
        await using TestAgent agent = await TestAgent.ConnectAsync(gateway, "one");
        SshReply reply = await agent.RegisterAsync("one");
        Assert.False(reply.Success);
        Assert.Equal("unexpected connection request. please reconnect", Encoding.UTF8.GetString(reply.Payload.Span));
        await agent.ClosedAsync();
    }

    [Fact]
    public async Task Another_process_cannot_take_the_id_of_a_live_client()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(("Agents:Sessions:RefusalLinger", "00:00:00.2"));
        await using TestAgent holder = await TestAgent.ConnectAsync(gateway, "one");
        await using TestAgent thief = await TestAgent.LoginAsync(gateway);
        SshReply reply = await thief.RegisterAsync("one");
        Assert.False(reply.Success);
        Assert.Equal("client is already connected: name of one [one]", Encoding.UTF8.GetString(reply.Payload.Span));
        await thief.ClosedAsync();

        await holder.RequestedAsync(RequestNames.Ping);
        Assert.True((await holder.RequestAsync(RequestNames.Ping, [])).Success);
        Assert.True((await gateway.ClientAsync("one"))!.Connected);
    }

    [Fact]
    public async Task The_same_process_takes_its_id_over_at_once()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();
        await using TestAgent old = await TestAgent.ConnectAsync(gateway, "one");
        await using TestAgent again = await TestAgent.LoginAsync(gateway, agent: new TestAgent { ProcessSession = old.ProcessSession });
        Assert.True((await again.RegisterAsync("one")).Success);
        await old.ClosedAsync();
        await GatewayUnderTest.UntilAsync(() => Task.FromResult(gateway.Sessions.Count == 1));
        Assert.True((await gateway.ClientAsync("one"))!.Connected);
        Assert.True((await again.RequestAsync(RequestNames.Ping, [])).Success);
    }

    [Fact]
    public async Task An_id_stays_with_its_credential_while_that_exists()
    {
        using TempFile file = new("""{"old":"p","new":"p"}""");
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(("Agents:AuthFile", file.Path), ("Agents:Sessions:RefusalLinger", "00:00:00.1"));
        await using (TestAgent first = await TestAgent.LoginAsync(gateway, "old", "p"))
        {
            Assert.True((await first.RegisterAsync("one")).Success);
        }

        await GatewayUnderTest.UntilAsync(async () => (await gateway.ClientAsync("one"))!.Connected == false);
        await using (TestAgent taker = await TestAgent.LoginAsync(gateway, "new", "p"))
        {
            Assert.Equal("failure:client id is already in use with another client auth ID: one", await taker.TextOfAsync(
                RequestNames.NewConnection, ProtocolJson.Write(new ConnectionRequest { Id = "one" }, ProtocolJson.Default.ConnectionRequest)));
        }

        File.WriteAllText(file.Path, """{"new":"p"}""");
        await GatewayUnderTest.UntilAsync(async () =>
        {
            await using TestAgent renewed = await TestAgent.LoginAsync(gateway, "new", "p");
            return (await renewed.RegisterAsync("one")).Success;
        });
    }

    [Fact]
    public async Task A_credential_for_one_client_serves_no_second_one()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(("Agents:AuthMultiUse", "false"));
        await using TestAgent first = await TestAgent.ConnectAsync(gateway, "one");
        await using TestAgent second = await TestAgent.LoginAsync(gateway);
        SshReply reply = await second.RegisterAsync("two");
        Assert.Equal("client auth ID is already in use: \"fleet\"", Encoding.UTF8.GetString(reply.Payload.Span));
        Assert.Null(await gateway.ClientAsync("two"));
    }

    [Fact]
    public async Task A_wrong_password_is_refused_and_too_many_ban_the_address()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(("Agents:MaxFailedLogins", "3"), ("Agents:LoginWait", "00:00:00"));
        for (int i = 0; i < 3; i++)
        {
            await Assert.ThrowsAnyAsync<SshException>(() => TestAgent.LoginAsync(gateway, password: "wrong"));
        }

        string answer = await RawHttp.SendAsync(gateway.Address,
            "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.7\r\nConnection: Upgrade\r\nSec-WebSocket-Key: iSeG7Ncq5QldD+VgMQ3rFw==\r\n"
            + "Sec-WebSocket-Protocol: rport-v1\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 403 ", answer);
    }

    [Fact]
    public async Task A_full_gateway_says_so()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(("Agents:MaxSessions", "1"));
        await using TestAgent agent = await TestAgent.ConnectAsync(gateway, "one");
        string answer = await RawHttp.SendAsync(gateway.Address,
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nSec-WebSocket-Key: iSeG7Ncq5QldD+VgMQ3rFw==\r\nSec-WebSocket-Protocol: rport-v1\r\n"
            + "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 503 ", answer);
        Assert.Contains("Retry-After:", answer);
    }

    [Fact]
    public async Task An_agent_that_never_registers_is_shown_the_door()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(("Agents:Sessions:RegistrationTimeout", "00:00:00.3"));
        await using TestAgent agent = await TestAgent.LoginAsync(gateway);
        SshCloseReason reason = await agent.ClosedAsync();
        Assert.Contains("not registered", reason.Message);
    }

    [Fact]
    public async Task Stalled_handshakes_delay_a_good_agent_and_do_not_lock_it_out()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(
            ("Agents:MaxConcurrentHandshakes", "4"), ("Agents:MaxHandshakesPerAddress", "4"), ("Agents:HandshakeGrace", "00:00:00.5"));

        // Twice as many as there are slots: the first ones have been cut for the others when all of them are in.
        Stream[] stalled = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => gateway.DialAsync())).WaitAsync(TestAgent.Patience);
        await using TestAgent agent = await TestAgent.ConnectAsync(gateway, "good");
        Assert.True((await gateway.ClientAsync("good"))!.Connected);
        foreach (Stream one in stalled)
        {
            await one.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_agent_that_hangs_up_while_it_registers_leaves_nothing_behind()
    {
        const int seed = 20261122;
        Random random = new(seed);
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();
        for (int i = 0; i < 20; i++)
        {
            TestAgent agent = await TestAgent.LoginAsync(gateway);
            Task<SshReply> registration = agent.RegisterAsync($"agent{i}");
            await Task.WhenAny(registration, Task.Delay(random.Next(10)));
            await agent.DisposeAsync();
            await Task.WhenAny(registration);
        }

        await GatewayUnderTest.UntilAsync(async () =>
        {
            ClientRecord?[] clients = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => gateway.ClientAsync($"agent{i}")));
            return gateway.Sessions.Count == 0 && clients.All(client => client is not { Connected: true });
        });
    }

    [Fact]
    public async Task A_stopping_gateway_says_goodbye_and_records_it()
    {
        GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();
        await using TestAgent one = await TestAgent.ConnectAsync(gateway, "one");
        await using TestAgent two = await TestAgent.ConnectAsync(gateway, "two");
        await gateway.StopAsync().WaitAsync(TestAgent.Patience);
        Assert.Contains("shutting down", (await one.ClosedAsync()).Message);
        Assert.Contains("shutting down", (await two.ClosedAsync()).Message);
        Assert.Equal(0, gateway.Sessions.Count);
        await gateway.DisposeAsync();
    }
}

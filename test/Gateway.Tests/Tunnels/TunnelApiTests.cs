using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using RPort.Gateway.Tests.Kit;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Tunnels;

/// <summary>The API of tunnels, with a client's session that answers as the test says.</summary>
[Collection(SharedGateway.Name)]
public sealed class TunnelApiTests(SharedGateway shared)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private readonly TestGateway _gateway = shared.Gateway;
    private readonly string _id = $"tunnels-{Guid.NewGuid():N}";

    [Theory]
    [InlineData(
        "local=127.0.0.1:20100&remote=127.0.0.1:21222&scheme=http&acl=127.0.0.1&idle-timeout-minutes=5&name=echo-tunnel",
        """{"id":"15","name":"echo-tunnel","protocol":"tcp","lhost":"127.0.0.1","lport":"20100","lport_random":false,"owner":"admin","rhost":"127.0.0.1","rport":"21222","scheme":"http","acl":"127.0.0.1","idle_timeout_minutes":5,"auto_close":0,"http_proxy":false,"host_header":"","auth_user":"","auth_password":"","tunnel_url":"","created_at":"2026-11-21T12:00:00Z"}""")]
    [InlineData(
        "local=127.0.0.1:20107&remote=127.0.0.1:21227&skip-idle-timeout=true&auto-close=1m30s&check_port=0",
        """{"id":"15","name":"","protocol":"tcp","lhost":"127.0.0.1","lport":"20107","lport_random":false,"owner":"admin","rhost":"127.0.0.1","rport":"21227","scheme":null,"acl":"127.0.0.1","idle_timeout_minutes":0,"auto_close":90000000000,"http_proxy":false,"host_header":"","auth_user":"","auth_password":"","tunnel_url":"","created_at":"2026-11-21T12:00:00Z"}""")]
    [InlineData(
        "local=127.0.0.1:20103&remote=127.0.0.1:44710&protocol=udp",
        """{"id":"15","name":"","protocol":"udp","lhost":"127.0.0.1","lport":"20103","lport_random":false,"owner":"admin","rhost":"127.0.0.1","rport":"44710","scheme":null,"acl":"127.0.0.1","idle_timeout_minutes":5,"auto_close":0,"http_proxy":false,"host_header":"","auth_user":"","auth_password":"","tunnel_url":"","created_at":"2026-11-21T12:00:00Z"}""")]
    public async Task An_open_tunnel_has_the_shape_of_the_product_there_was(string query, string expected)
    {
        await ConnectAsync(question => Opened((OpenTunnel)question));

        JsonObject shown = JsonObject.Create(await (await OpenAsync(query)).DataAsync())!;

        Assert.Equal("open", shown["state"]!.GetValue<string>());
        Assert.Equal(7, shown["bytes_in"]!.GetValue<long>());
        Assert.Equal("gate.example", shown["public_host"]!.GetValue<string>());
        foreach (string field in ApiTunnels.LiveFields)
        {
            Assert.True(shown.Remove(field), field);
        }

        Assert.Equal(expected, shown.ToJsonString());
    }

    [Fact]
    public async Task A_proxys_password_is_never_shown_and_its_address_is()
    {
        TunnelSpec spec = new() { RemoteHost = "printer.lan", RemotePort = 80, LocalPort = 20500, Acl = "10.0.0.1", HttpProxy = true, AuthUser = "anna", AuthPasswordHash = "the-hash" };
        await ConnectAsync(_ => new TunnelOpened(new LiveTunnel { Tunnel = new TunnelRecord(new TunnelId(1), Noon, spec), Open = true, PublicHost = "2001:db8::1" }));

        JsonElement shown = await (await OpenAsync("remote=80")).DataAsync();

        Assert.Equal("********", shown.GetProperty("auth_password").GetString());
        Assert.Equal("https://[2001:db8::1]:20500", shown.GetProperty("tunnel_url").GetString());
        Assert.DoesNotContain("the-hash", shown.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RefusalReason.UnknownClient, "", 404, "ERR_CODE_CLIENT_NOT_FOUND", "Client with id=\"{id}\" not found.")]
    [InlineData(RefusalReason.NotConnected, "", 404, "ERR_CODE_CLIENT_NOT_CONNECTED", "Client with id=\"{id}\" is not connected.")]
    [InlineData(RefusalReason.TimedOut, "", 503, "ERR_CODE_CLIENT_TIMEOUT", "Client with id=\"{id}\" did not answer in time.")]
    [InlineData(RefusalReason.Busy, "", 503, "ERR_CODE_CLIENT_BUSY", "Client with id=\"{id}\" has too much to do, please try later.")]
    [InlineData(RefusalReason.AgentFailed, "no such\nthing", 409, "ERR_CODE_CLIENT_ERROR", "client error: no suchthing")]
    [InlineData(RefusalReason.TargetNotAllowed, "", 400, "ERR_CODE_TUNNEL_NOT_ALLOWED", "Tunnel destination is not allowed by client configuration.")]
    [InlineData(RefusalReason.TargetNotOpen, "dial tcp 10.0.0.1:22: refused", 400, "ERR_CODE_REMOTE_PORT_NOT_OPEN", "Port 22 is not in listening state.")]
    [InlineData(RefusalReason.TunnelExists, "", 400, "ERR_CODE_TUNNEL_EXIST", "Tunnel already exist.")]
    [InlineData(RefusalReason.TunnelToTargetExists, "", 400, "ERR_CODE_TUNNEL_TO_PORT_EXIST", "Tunnel to port 22 already exists.")]
    [InlineData(RefusalReason.TooManyTunnels, "", 409, "ERR_CODE_TOO_MANY_TUNNELS", "The client has too many tunnels.")]
    [InlineData(RefusalReason.PortNotAllowed, "", 400, "ERR_CODE_LOCAL_PORT_NOT_ALLOWED", "Local port 20100 is not among allowed ports.")]
    [InlineData(RefusalReason.PortInUse, "", 400, "ERR_CODE_LOCAL_PORT_IN_USE", "Port 20100 already in use.")]
    [InlineData(RefusalReason.AddressUnusable, "", 400, "ERR_CODE_LOCAL_ADDRESS_UNUSABLE", "Local address 127.0.0.1 can not be listened on.")]
    [InlineData(RefusalReason.GatewayFailed, "a stack trace", 500, "ERR_CODE_GATEWAY_FAILED", "internal server error")]
    public async Task Every_refusal_has_a_status_a_code_and_a_title(RefusalReason reason, string said, int status, string code, string title)
    {
        await ConnectAsync(_ => new Refused(reason, said));

        JsonElement error = await (await OpenAsync("remote=10.0.0.1:22&local=127.0.0.1:20100")).FailsAsync(status, title.Replace("{id}", _id, StringComparison.Ordinal));

        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.DoesNotContain("stack trace", error.GetRawText(), StringComparison.Ordinal);
        if (reason == RefusalReason.TargetNotOpen)
        {
            Assert.Equal(said, error.GetProperty("detail").GetString());
        }
    }

    [Fact]
    public async Task Without_a_free_port_a_later_try_may_do()
    {
        await ConnectAsync(_ => new Refused(RefusalReason.PortInUse));
        JsonElement error = await (await OpenAsync("remote=22")).FailsAsync(503, "No local port is free.");
        Assert.Equal("ERR_CODE_NO_LOCAL_PORT_FREE", error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_client_that_is_unknown_or_away_is_told_before_the_query_is_looked_at()
    {
        JsonElement unknown = await (await OpenAsync("remote=abc")).FailsAsync(404, $"Client with id=\"{_id}\" not found.");
        Assert.Equal("ERR_CODE_CLIENT_NOT_FOUND", unknown.GetProperty("code").GetString());

        await (await ConnectAsync(_ => null)).DisconnectAsync();
        JsonElement away = await (await OpenAsync("remote=abc")).FailsAsync(404, $"Client with id=\"{_id}\" is not connected.");
        Assert.Equal("ERR_CODE_CLIENT_NOT_CONNECTED", away.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_bad_query_never_reaches_the_client()
    {
        await ConnectAsync(_ => throw new InvalidOperationException("asked"));
        JsonElement error = await (await OpenAsync("remote=abc")).FailsAsync(400, "failed to decode \"abc\": Missing ports");
        Assert.Equal("ERR_CODE_INVALID_REMOTE", error.GetProperty("code").GetString());
        await (await OpenAsync("remote=22&http_proxy=true")).FailsAsync(400, "creation of tunnel proxy not enabled");
    }

    [Fact]
    public async Task What_anybody_can_write_into_a_header_does_not_change_who_may_use_it()
    {
        await ConnectAsync(question => Opened((OpenTunnel)question));
        Assert.Equal("127.0.0.1", (await (await OpenAsync("remote=22", "203.0.113.9")).DataAsync()).GetProperty("acl").GetString());
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_the_caller_is_whom_it_names()
    {
        await using TestGateway gateway = await TestGateway.StartAsync("Api:TrustedProxies:0=127.0.0.1");
        ScriptedClient client = await ScriptedClient.ConnectAsync(gateway, _id);
        client.OnQuestion = question => Opened((OpenTunnel)question);
        Assert.Equal("203.0.113.9", (await (await OpenAsync("remote=22", "6.6.6.6, 203.0.113.9", gateway)).DataAsync()).GetProperty("acl").GetString());
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("?force=true", true)]
    public async Task A_tunnel_is_closed_by_its_session(string query, bool force)
    {
        var asked = new TaskCompletionSource<CloseTunnel>();
        await ConnectAsync(question =>
        {
            asked.SetResult((CloseTunnel)question);
            return new Done();
        });

        using HttpResponseMessage answer = await _gateway.Http.DeleteAsync($"clients/{_id}/tunnels/17{query}");

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal((17, force), ((await asked.Task).Tunnel.Value, (await asked.Task).Force));
    }

    [Fact]
    public async Task A_tunnel_that_is_used_or_not_there_is_not_closed()
    {
        ScriptedClient client = await ConnectAsync(_ => new Refused(RefusalReason.TunnelInUse, "3"));
        JsonElement used = await (await _gateway.Http.DeleteAsync($"clients/{_id}/tunnels/1")).FailsAsync(409, "tunnel has 3 active connection(s)");
        Assert.Equal("ERR_CODE_TUNNEL_IN_USE", used.GetProperty("code").GetString());

        client.OnQuestion = _ => new Refused(RefusalReason.TunnelNotFound);
        foreach (string id in (string[])["1", "0", "abc", "-1", "99999999999999999999"])
        {
            JsonElement missing = await (await _gateway.Http.DeleteAsync($"clients/{_id}/tunnels/{id}")).FailsAsync(404, "tunnel not found");
            Assert.Equal("ERR_CODE_TUNNEL_NOT_FOUND", missing.GetProperty("code").GetString());
        }

        await (await _gateway.Http.DeleteAsync($"clients/{_id}/tunnels/1?force=perhaps")).FailsAsync(400, "invalid force value perhaps");
        await (await _gateway.Http.DeleteAsync($"clients/{_id}/tunnels/1?fore=true")).FailsAsync(400, "unknown parameter fore");
        await (await _gateway.Http.DeleteAsync("clients/nobody-here/tunnels/1")).FailsAsync(404, "Client with id=\"nobody-here\" not found.");
    }

    [Theory]
    [InlineData("""{"acl":"10.1.2.3/8"}""", "10.0.0.0/8")]
    [InlineData("""{"acl":null}""", "127.0.0.1")]
    [InlineData("""{"acl":""}""", "127.0.0.1")]
    public async Task Who_may_use_a_tunnel_is_changed_by_its_session(string body, string acl)
    {
        var asked = new TaskCompletionSource<ChangeTunnelAcl>();
        await ConnectAsync(question =>
        {
            asked.SetResult((ChangeTunnelAcl)question);
            return new Done();
        });

        using HttpResponseMessage answer = await PutAsync($"clients/{_id}/tunnels/4/acl", body);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal((4, acl), ((await asked.Task).Tunnel.Value, (await asked.Task).Acl));
    }

    [Fact]
    public async Task An_acl_that_makes_no_sense_changes_nothing()
    {
        await ConnectAsync(_ => throw new InvalidOperationException("asked"));
        string path = $"clients/{_id}/tunnels/4/acl";
        JsonElement bad = await (await PutAsync(path, """{"acl":"999.1.1.1"}""")).FailsAsync(400, "Invalid ACL: invalid IP addr: 999.1.1.1");
        Assert.Equal("ERR_CODE_INVALID_ACL", bad.GetProperty("code").GetString());
        JsonElement missing = await (await PutAsync(path, "{}")).FailsAsync(400, "Invalid JSON data.");
        Assert.Equal(("ERR_CODE_INVALID_BODY", "json: missing \"acl\""), (missing.GetProperty("code").GetString(), missing.GetProperty("detail").GetString()));
        await (await PutAsync(path, "")).FailsAsync(400, "Missing body with json data.");
        await (await PutAsync(path, """{"acls":""}""")).FailsAsync(400, "Invalid JSON data.");
        await (await PutAsync($"clients/{_id}/tunnels/x/acl", """{"acl":null}""")).FailsAsync(404, "tunnel not found");
    }

    [Fact]
    public async Task Tunnels_of_a_client_that_is_away_can_be_closed_and_narrowed()
    {
        ScriptedClient client = await ConnectAsync(_ => null);
        TunnelId first = (await client.AddTunnelAsync(ApiTunnels.Spec(20200)))!.Id;
        TunnelId second = (await client.AddTunnelAsync(ApiTunnels.Spec(20201)))!.Id;
        await client.DisconnectAsync();

        using HttpResponseMessage narrowed = await PutAsync($"clients/{_id}/tunnels/{first}/acl", """{"acl":"10.9.9.9"}""");
        using HttpResponseMessage closed = await _gateway.Http.DeleteAsync($"clients/{_id}/tunnels/{second}");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (narrowed.StatusCode, closed.StatusCode));
        JsonElement left = Assert.Single((await (await _gateway.Http.GetAsync($"clients/{_id}")).DataAsync()).GetProperty("tunnels").EnumerateArray());
        Assert.Equal(
            ($"{first}", "10.9.9.9", "waiting", "the client is not connected"),
            (left.GetProperty("id").GetString(), left.GetProperty("acl").GetString(), left.GetProperty("state").GetString(), left.GetProperty("error").GetString()));
        await (await _gateway.Http.DeleteAsync($"clients/{_id}/tunnels/{second}")).FailsAsync(404, "tunnel not found");
        await (await PutAsync($"clients/{_id}/tunnels/{second}/acl", """{"acl":"10.9.9.9"}""")).FailsAsync(404, "tunnel not found");
        Assert.Empty(await _gateway.TunnelsAsync($"filter[client_id]={_id}")); // of connected clients only
    }

    private static TunnelOpened Opened(OpenTunnel question) => new(ApiTunnels.Live(new TunnelRecord(new TunnelId(15), Noon, question.Spec)));

    private async Task<ScriptedClient> ConnectAsync(Func<SessionQuestion, SessionAnswer?> answers)
    {
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, _id);
        client.OnQuestion = answers;
        return client;
    }

    private async Task<HttpResponseMessage> OpenAsync(string query, string? forwarded = null, TestGateway? gateway = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"clients/{_id}/tunnels?{query}");
        if (forwarded is not null)
        {
            request.Headers.Add("X-Forwarded-For", forwarded);
        }

        return await (gateway ?? _gateway).Http.SendAsync(request);
    }

    private Task<HttpResponseMessage> PutAsync(string path, string json) =>
        _gateway.Http.PutAsync(path, new StringContent(json, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")));
}

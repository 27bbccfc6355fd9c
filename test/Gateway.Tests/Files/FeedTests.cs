using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using RPort.Gateway.Files.Feed;
using RPort.Gateway.Tests.Kit;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Files;

[Collection(SharedGateway.Name)]
public sealed class FeedTests(SharedGateway shared)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly TestGateway _gateway = shared.Gateway;

    private int _listening;

    [Fact]
    public async Task A_listener_gets_the_product_s_own_message_and_progress_when_it_asks()
    {
        string token = (await (await _gateway.Http.GetAsync("login")).DataAsync()).GetProperty("token").GetString()!;
        using ClientWebSocket results = await ListenAsync($"?access_token={token}");
        using ClientWebSocket progress = await ListenAsync($"?access_token={token}&progress=true");
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, "feed");
        using MultipartFormDataContent form = Form.With(("client_id", "feed"), ("dest", "/srv/recv/push.txt"), ("id", "feed-1")).File(new byte[31]);
        await (await _gateway.Http.PostAsync("files", form)).DataAsync();
        PushOrder order = await client.OrderAsync();

        await client.ProgressAsync(order, 17);
        Assert.Equal("{\"client_id\":\"feed\",\"uuid\":\"feed-1\",\"status\":\"progress\",\"bytes\":17,\"total_bytes\":31}\n", await ReceiveAsync(progress));
        await client.ReportAsync(order, PushStatus.Success, "file successfully copied to destination /srv/recv/push.txt");

        const string Result = "{\"client_id\":\"feed\",\"uuid\":\"feed-1\",\"filepath\":\"/srv/recv/push.txt\",\"size\":31,\"message\":\"file successfully copied to destination /srv/recv/push.txt\",\"status\":\"success\"}\n";
        Assert.Equal(Result, await ReceiveAsync(results));
        Assert.Equal(Result, await ReceiveAsync(progress));
    }

    [Fact]
    public async Task An_error_reads_as_it_always_did()
    {
        using ClientWebSocket results = await ListenAsync("", TestGateway.Basic(TestGateway.User, TestGateway.Password).ToString());
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, "feed-error");
        using MultipartFormDataContent form = Form.With(("client_id", "feed-error"), ("dest", "/usr/bin/nope.txt"), ("id", "feed-2")).File(new byte[31]);
        await (await _gateway.Http.PostAsync("files", form)).DataAsync();

        await client.ReportAsync(await client.OrderAsync(), PushStatus.Error, "client error: target path /usr/bin matches \"x\"");

        Assert.Equal("{\"client_id\":\"feed-error\",\"uuid\":\"feed-2\",\"filepath\":\"\",\"size\":0,\"message\":\"client error: target path /usr/bin matches \\\"x\\\"\",\"status\":\"error\"}\n", await ReceiveAsync(results));
    }

    [Fact]
    public async Task Without_a_token_there_is_no_feed()
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(Address(""), CancellationToken.None));
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, socket.HttpStatusCode);

        using HttpClient caller = _gateway.Client();
        using var upgrade = new HttpRequestMessage(HttpMethod.Get, "ws/uploads");
        upgrade.Headers.Add("Connection", "Upgrade");
        upgrade.Headers.Add("Upgrade", "websocket");
        upgrade.Headers.Add("Sec-WebSocket-Version", "13");
        upgrade.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        await (await caller.SendAsync(upgrade)).FailsAsync(401, "token required");
        await (await _gateway.Http.GetAsync("ws/uploads")).FailsAsync(400, "a WebSocket is expected here");
    }

    [Fact]
    public async Task A_listener_that_does_not_read_is_dropped_and_the_others_are_not()
    {
        string basic = TestGateway.Basic(TestGateway.User, TestGateway.Password).ToString();
        UploadFeed feed = _gateway.Services.GetRequiredService<UploadFeed>();
        using ClientWebSocket slow = await ListenAsync("", basic);
        string large = new('x', 1 << 20); // a few of these fill every buffer on the way to a reader that does not read
        var target = new UploadTargetView(new ClientId("c"), PushStatus.Error, 0, large, "", 0, null, null);
        int sent = 0;
        await Eventually.TrueAsync("the slow listener is dropped", async () =>
        {
            await feed.OnUploadEventsAsync([new UploadEvent(UploadEventKind.Result, new UploadId($"slow-{sent++}"), "admin", target, 0)]);
            return feed.Overruns > 0;
        });

        using ClientWebSocket quick = await ListenAsync("", basic);
        await feed.OnUploadEventsAsync([new UploadEvent(UploadEventKind.Result, new UploadId("quick"), "admin", target with { Message = "hello" }, 0)]);
        Assert.Contains("\"uuid\":\"quick\"", await ReceiveAsync(quick), StringComparison.Ordinal);

        // What was on its way still comes, then the reason.
        using var deadline = new CancellationTokenSource(Patience);
        byte[] buffer = new byte[1 << 16];
        WebSocketReceiveResult last;
        do
        {
            last = await slow.ReceiveAsync(buffer, deadline.Token);
        }
        while (last.MessageType != WebSocketMessageType.Close);
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, last.CloseStatus);
        Assert.Contains("too slow", last.CloseStatusDescription, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_test_page_is_there_when_it_is_switched_on()
    {
        using HttpClient caller = _gateway.Client();

        Assert.Contains("ws/uploads", await caller.GetStringAsync("test/uploads/ui"), StringComparison.Ordinal);
    }

    private async Task<ClientWebSocket> ListenAsync(string query, string? authorization = null)
    {
        UploadFeed feed = _gateway.Services.GetRequiredService<UploadFeed>();
        await feed.Subscribed.Task.WaitAsync(Patience);
        // The listeners of the test before this one leave when the gateway notices that they have gone.
        await Eventually.TrueAsync("only this test listens", () => Task.FromResult(feed.Listeners <= _listening));
        int before = feed.Listeners; // a listener that was dropped for slowness is out already
        var socket = new ClientWebSocket();
        if (authorization is not null)
        {
            socket.Options.SetRequestHeader("Authorization", authorization);
        }

        await socket.ConnectAsync(Address(query), CancellationToken.None);
        await Eventually.TrueAsync("the listener is in", () => Task.FromResult(feed.Listeners > before));
        _listening++;
        return socket;
    }

    private Uri Address(string query) => new($"ws://{_gateway.Api.Authority}/api/v1/ws/uploads{query}");

    private static async Task<string> ReceiveAsync(ClientWebSocket socket)
    {
        using var deadline = new CancellationTokenSource(Patience);
        byte[] buffer = new byte[1 << 16];
        WebSocketReceiveResult result = await socket.ReceiveAsync(buffer, deadline.Token);
        Assert.Equal(WebSocketMessageType.Text, result.MessageType);
        Assert.True(result.EndOfMessage);
        return Encoding.UTF8.GetString(buffer, 0, result.Count);
    }
}

using System.Text;
using System.Text.Json;
using RPort.EndToEnd.Kit;
using RPort.Protocol;
using RPort.Ssh;
using RPort.Ssh.Sftp;

namespace RPort.EndToEnd;

/// <summary>An agent with a valid credential that tries what it must not: refused each time, and a good agent beside it works on.</summary>
public sealed class HostileAgentTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private GatewayProcess _gateway = null!;
    private AgentProcess _good = null!;
    private ScriptedAgent _hostile = null!;

    public async Task InitializeAsync()
    {
        _gateway = await GatewayProcess.StartAsync(_folder, Settings.LargeFiles());
        _good = AgentProcess.Start(_folder, _gateway, "good");
        await _gateway.ConnectedAsync(1);
        _hostile = await ScriptedAgent.LoginAsync(_gateway);
        Assert.True((await _hostile.RegisterAsync("hostile", ProtocolFeatures.Push2)).Success);
        await _gateway.ConnectedAsync(2);
    }

    public async Task DisposeAsync()
    {
        await _hostile.DisposeAsync();
        await _good.DisposeAsync();
        await _gateway.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../../../../etc/passwd")]
    [InlineData("/")]
    [InlineData("")]
    [InlineData("keys/host_ecdsa.pem")]
    public async Task It_opens_no_other_path(string path)
    {
        await using SftpClient sftp = await SftpClient.OpenAsync(_hostile.Connection, new SftpClientOptions(), CancellationToken.None);
        SftpException refused = await Assert.ThrowsAsync<SftpException>(() => DownloadAsync(sftp, path));
        Assert.NotEqual(SftpStatus.Ok, refused.Status);
        await AssertGoodAgentWorksAsync();
    }

    [Fact]
    public async Task It_opens_no_payload_of_another_agent()
    {
        await using ScriptedAgent victim = await ScriptedAgent.LoginAsync(_gateway);
        victim.Answer = _ => SshReply.Ok(ProtocolJson.Write(new UploadAccepted { Accepted = true }, ProtocolJson.Default.UploadAccepted));
        Assert.True((await victim.RegisterAsync("victim", ProtocolFeatures.Push2)).Success);
        await _gateway.ConnectedAsync(3);
        string secret = RandomFile.Create(_folder["secret.bin"], 100_000);
        await Push.StartAsync(_gateway, secret, "/tmp/secret.bin", ["victim"]);
        UploadOrder order = await victim.OrderedAsync();

        await using SftpClient own = await SftpClient.OpenAsync(victim.Connection, new SftpClientOptions(), CancellationToken.None);
        Assert.Equal(100_000, await DownloadAsync(own, order.SourceFilePath));
        await using SftpClient sftp = await SftpClient.OpenAsync(_hostile.Connection, new SftpClientOptions(), CancellationToken.None);
        await Assert.ThrowsAsync<SftpException>(() => DownloadAsync(sftp, order.SourceFilePath));
        await Assert.ThrowsAsync<SftpException>(() => DownloadAsync(sftp, order.Id));
    }

    [Fact]
    public async Task It_writes_nothing()
    {
        _hostile.Answer = _ => SshReply.Ok(ProtocolJson.Write(new UploadAccepted { Accepted = true }, ProtocolJson.Default.UploadAccepted));
        string file = RandomFile.Create(_folder["own.bin"], 1000);
        await Push.StartAsync(_gateway, file, "/tmp/own.bin", ["hostile"]);
        UploadOrder order = await _hostile.OrderedAsync();
        await using SftpClient sftp = await SftpClient.OpenAsync(_hostile.Connection, new SftpClientOptions(), CancellationToken.None);
        SftpException refused = await Assert.ThrowsAsync<SftpException>(() => sftp.UploadAsync(order.SourceFilePath, new MemoryStream(new byte[10]), CancellationToken.None));
        Assert.Equal(SftpStatus.PermissionDenied, refused.Status);
        refused = await Assert.ThrowsAsync<SftpException>(() => sftp.UploadAsync("/tmp/new", new MemoryStream(new byte[10]), CancellationToken.None));
        Assert.Equal(SftpStatus.PermissionDenied, refused.Status);
        Assert.Equal(1000, await DownloadAsync(sftp, order.SourceFilePath));
    }

    [Theory]
    [InlineData("direct-tcpip")]
    [InlineData("rport")]
    [InlineData("127.0.0.1:22")]
    [InlineData("x11")]
    public async Task It_opens_no_channel_of_another_type(string type)
    {
        SshChannelOpenException refused = await Assert.ThrowsAsync<SshChannelOpenException>(
            () => _hostile.Connection.OpenChannelAsync(type, Encoding.UTF8.GetBytes("127.0.0.1:22"), CancellationToken.None).AsTask());
        Assert.NotEqual(default, refused.Reason);
        await AssertGoodAgentWorksAsync();
    }

    [Fact]
    public async Task It_gets_no_shell_on_its_session_channel()
    {
        await using SshChannel channel = await _hostile.Connection.OpenChannelAsync("session", default, CancellationToken.None);
        Assert.False(await channel.RequestAsync("shell", default, CancellationToken.None));
        Assert.False(await channel.RequestAsync("exec", new byte[] { 0, 0, 0, 2, (byte)'i', (byte)'d' }, CancellationToken.None));
    }

    [Fact]
    public async Task A_flood_of_channels_hurts_nobody_else()
    {
        int refused = 0;
        for (int i = 0; i < 2000 && !_hostile.Connection.Completion.IsCompleted; i++)
        {
            try
            {
                await _hostile.Connection.OpenChannelAsync("session", default, CancellationToken.None);
            }
            catch (SshException)
            {
                refused++;
            }
        }

        Assert.True(refused > 0, "2,000 open channels were allowed");
        await AssertGoodAgentWorksAsync();
    }

    [Fact]
    public async Task A_flood_of_requests_hurts_nobody_else()
    {
        byte[] payload = new byte[1000];
        Task flood = Task.Run(async () =>
        {
            try
            {
                for (int i = 0; i < 200_000; i++)
                {
                    await _hostile.Connection.NotifyAsync(RequestNames.SaveMeasurement, payload, CancellationToken.None);
                }
            }
            catch (SshException)
            {
                // cut off, as it should be when it goes too far
            }
        });
        await AssertGoodAgentWorksAsync();
        await flood.WaitAsync(TimeSpan.FromSeconds(60));
        await AssertGoodAgentWorksAsync();
    }

    [Fact]
    public async Task It_cannot_take_the_id_of_a_connected_client()
    {
        await using ScriptedAgent thief = await ScriptedAgent.LoginAsync(_gateway);
        SshReply reply = await thief.RegisterAsync("good");
        Assert.False(reply.Success);
        Assert.Equal("client is already connected: name of good [good]", Encoding.UTF8.GetString(reply.Payload.Span));
        await AssertGoodAgentWorksAsync();
    }

    [Fact]
    public async Task It_cannot_report_a_push_that_is_not_its_own_or_is_over()
    {
        string file = RandomFile.Create(_folder["file.bin"], 1000);
        string destination = Path.Combine(_good.Received, "file.bin");
        await _good.KillAsync();
        await _gateway.DisconnectedAsync("good");
        Push push = await Push.StartAsync(_gateway, file, destination, ["good"], ("expires", "1h"));

        Assert.Equal($"failure:{RequestNames.UnknownUpload}", await _hostile.TextOfAsync(RequestNames.UploadResult, Report(push.Id)));
        Assert.Equal($"failure:{RequestNames.UnknownUpload}", await _hostile.TextOfAsync(RequestNames.UploadResult, Report(Guid.NewGuid().ToString())));
        Assert.Equal("pending", Push.Clients(await push.GetAsync())["good"].Status);
        _good.Start();
        Assert.Equal("success", (await push.FinishedAsync(TimeSpan.FromSeconds(60), () => _good.Process.Tail()))["good"].Status);

        Assert.Equal($"failure:{RequestNames.UnknownUpload}", await _hostile.TextOfAsync(RequestNames.UploadResult, Report(push.Id)));
        Assert.Equal("success", Push.Clients(await push.GetAsync())["good"].Status);
    }

    [Fact]
    public async Task Malformed_messages_get_an_answer_or_the_door()
    {
        foreach (byte[] payload in new byte[][] { [], [0xff, 0xfe], Encoding.UTF8.GetBytes("{"), Encoding.UTF8.GetBytes("null"), Encoding.UTF8.GetBytes("[1,2]"), new byte[250_000] })
        {
            await using ScriptedAgent agent = await ScriptedAgent.LoginAsync(_gateway);
            try
            {
                Assert.False((await agent.Connection.RequestAsync(RequestNames.NewConnection, payload, CancellationToken.None)).Success);
            }
            catch (SshConnectionClosedException)
            {
                // shown the door
            }
        }

        await AssertGoodAgentWorksAsync();
    }

    private static byte[] Report(string id) => ProtocolJson.Write(
        new UploadResult { Id = id, Status = UploadResult.Success, Message = "done, honestly", FilePath = "/x", Size = 1, Attempt = 0 }, ProtocolJson.Default.UploadResult);

    private static async Task<long> DownloadAsync(SftpClient sftp, string path)
    {
        long bytes = 0;
        await sftp.DownloadAsync(path, 0, block =>
        {
            bytes += block.Length;
            return ValueTask.CompletedTask;
        }, CancellationToken.None);
        return bytes;
    }

    private async Task AssertGoodAgentWorksAsync()
    {
        string file = RandomFile.Create(_folder[$"{Guid.NewGuid():N}.bin"], 10_000);
        string destination = Path.Combine(_good.Received, Path.GetFileName(file));
        Push push = await Push.StartAsync(_gateway, file, destination, ["good"]);
        Assert.Equal("success", (await push.FinishedAsync(TimeSpan.FromSeconds(20), () => _good.Process.Tail()))["good"].Status);
        Assert.False(_gateway.Process.HasExited);
    }
}

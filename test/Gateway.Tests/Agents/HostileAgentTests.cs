using System.Text;
using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;
using RPort.Ssh.Sftp;

namespace RPort.Gateway.Tests.Agents;

/// <summary>An agent with a valid credential that tries what it must not; a good agent beside it works on.</summary>
public sealed class HostileAgentTests : IAsyncLifetime
{
    private GatewayUnderTest _gateway = null!;
    private TestAgent _good = null!;
    private TestAgent _hostile = null!;

    public async Task InitializeAsync()
    {
        _gateway = await GatewayUnderTest.StartAsync(("Agents:Sessions:RequestsPerSecond", "10"), ("Agents:Sessions:RequestBurst", "100"));
        _good = await TestAgent.ConnectAsync(_gateway, "good", ProtocolFeatures.Push2);
        _hostile = await TestAgent.ConnectAsync(_gateway, "hostile", ProtocolFeatures.Push2);
    }

    public async Task DisposeAsync()
    {
        await _hostile.DisposeAsync();
        await _good.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../../../../etc/passwd")]
    [InlineData("/")]
    [InlineData("")]
    [InlineData("/00000000000000000000000000000000")]
    public async Task It_opens_no_path_that_was_not_given_to_it(string path)
    {
        SftpException refused = await Assert.ThrowsAsync<SftpException>(() => PushTests.DownloadAsync(_hostile, path));
        Assert.Equal(SftpStatus.NoSuchFile, refused.Status);
        await AssertGoodAgentWorksAsync();
    }

    [Fact]
    public async Task It_cannot_use_another_agents_path()
    {
        await _gateway.PushAsync([1, 2, 3], "good");
        UploadOrder order = await _good.OrderedAsync();
        Assert.Equal([1, 2, 3], await PushTests.DownloadAsync(_good, order.SourceFilePath));
        await Assert.ThrowsAsync<SftpException>(() => PushTests.DownloadAsync(_hostile, order.SourceFilePath));
        await Assert.ThrowsAsync<SftpException>(() => PushTests.DownloadAsync(_hostile, "/" + order.Id));
    }

    [Fact]
    public async Task It_writes_nothing()
    {
        await using SftpClient sftp = await SftpClient.OpenAsync(_hostile.Connection, new SftpClientOptions(), default);
        SftpException refused = await Assert.ThrowsAsync<SftpException>(() => sftp.UploadAsync("/tmp/new", new MemoryStream([1]), default));
        Assert.Equal(SftpStatus.PermissionDenied, refused.Status);
        await Assert.ThrowsAsync<SftpException>(() => sftp.RemoveAsync("/tmp/new", default));
    }

    [Theory]
    [InlineData("direct-tcpip")]
    [InlineData("forwarded-tcpip")]
    [InlineData("rport")]
    [InlineData("127.0.0.1:22")]
    [InlineData("x11")]
    [InlineData("stdout")]
    public async Task It_opens_no_channel_of_another_type(string type)
    {
        SshChannelOpenException refused = await Assert.ThrowsAsync<SshChannelOpenException>(
            () => _hostile.Connection.OpenChannelAsync(type, Encoding.UTF8.GetBytes("127.0.0.1:22"), default).AsTask().WaitAsync(TestAgent.Patience));
        Assert.Equal(SshChannelOpenFailure.UnknownChannelType, refused.Reason);
        await AssertGoodAgentWorksAsync();
    }

    [Fact]
    public async Task It_gets_nothing_but_sftp_on_its_channel()
    {
        await using SshChannel channel = await _hostile.Connection.OpenChannelAsync("session", default, default);
        foreach (string type in new[] { "shell", "exec", "pty-req", "env", "subsystem" })
        {
            Assert.False(await channel.RequestAsync(type, new byte[] { 0, 0, 0, 2, (byte)'i', (byte)'d' }, default).AsTask().WaitAsync(TestAgent.Patience));
        }
    }

    [Fact]
    public async Task It_gets_no_more_channels_than_allowed_and_they_come_back_when_closed()
    {
        List<SftpClient> open = [];
        for (int i = 0; i < 8; i++)
        {
            open.Add(await SftpClient.OpenAsync(_hostile.Connection, new SftpClientOptions(), default).WaitAsync(TestAgent.Patience));
        }

        SshChannelOpenException refused = await Assert.ThrowsAsync<SshChannelOpenException>(
            () => _hostile.Connection.OpenChannelAsync("session", default, default).AsTask().WaitAsync(TestAgent.Patience));
        Assert.Equal(SshChannelOpenFailure.ResourceShortage, refused.Reason);
        foreach (SftpClient one in open)
        {
            await one.DisposeAsync();
        }

        await GatewayUnderTest.UntilAsync(async () =>
        {
            try
            {
                await using SftpClient again = await SftpClient.OpenAsync(_hostile.Connection, new SftpClientOptions(), default);
                return true;
            }
            catch (SshChannelOpenException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task A_flood_of_requests_ends_its_session_and_nobody_elses()
    {
        try
        {
            for (int i = 0; i < 10_000; i++)
            {
                await _hostile.Connection.NotifyAsync(RequestNames.SaveMeasurement, new byte[100], default);
            }
        }
        catch (SshException)
        {
            // cut off on the way
        }

        await _hostile.ClosedAsync();
        await AssertGoodAgentWorksAsync();
    }

    [Fact]
    public async Task Reports_of_what_it_was_not_given_are_refused()
    {
        PushOrder push = await _gateway.PushAsync([1, 2, 3], "good");
        await _good.OrderedAsync();
        Assert.Equal("failure:unknown upload", await _hostile.ReportAsync(PushTests.Result(push, UploadResult.Success)));
        Assert.Equal("failure:unknown upload", await _hostile.ReportAsync(PushTests.Result(new PushOrder { Upload = UploadId.New() }, UploadResult.Success)));
        Assert.Equal("failure:unknown upload", await _hostile.ReportAsync(PushTests.Result(push with { Attempt = int.MaxValue }, UploadResult.Success)));
        Assert.Equal(PushStatus.Pending, (await _gateway.TargetAsync(push, "good")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"uuid":"../x","status":"success"}""")]
    [InlineData("""{"uuid":"x","status":"fine"}""")]
    [InlineData("""{"uuid":"x","status":"success","size":-5}""")]
    public async Task A_report_that_is_none_is_refused(string payload) =>
        Assert.Equal("failure:invalid upload result", await _hostile.TextOfAsync(RequestNames.UploadResult, Encoding.UTF8.GetBytes(payload)));

    [Fact]
    public async Task Requests_nobody_knows_are_refused() =>
        Assert.Equal("failure:unknown request", await _hostile.TextOfAsync("tcpip-forward", [0, 0, 0, 0]));

    [Fact]
    public async Task Before_it_has_registered_it_can_do_nothing_else()
    {
        await using TestAgent agent = await TestAgent.LoginAsync(_gateway);
        await Assert.ThrowsAsync<SshChannelOpenException>(() => agent.Connection.OpenChannelAsync("session", default, default).AsTask().WaitAsync(TestAgent.Patience));
        Assert.Equal("failure:not registered", await agent.TextOfAsync(RequestNames.UploadResult, []));
        Assert.Equal("failure:unknown request", await agent.TextOfAsync(RequestNames.SaveMeasurement, []));
        Assert.True((await agent.RegisterAsync("late")).Success);
    }

    [Fact]
    public async Task A_report_of_an_older_session_changes_nothing()
    {
        PushOrder push = await _gateway.PushAsync([1, 2, 3], "good");
        await _good.OrderedAsync();
        await using TestAgent newer = await TestAgent.LoginAsync(_gateway, agent: new TestAgent { ProcessSession = _good.ProcessSession });
        Assert.True((await newer.RegisterAsync("good", ProtocolFeatures.Push2)).Success);
        try
        {
            Assert.NotEqual("success:", await _good.ReportAsync(PushTests.Result(push, UploadResult.Success)));
        }
        catch (SshException)
        {
            // closed already
        }

        await _good.ClosedAsync();
        Assert.Equal(PushStatus.Pending, (await _gateway.TargetAsync(push, "good")).Status);
        Assert.Equal("success:", await newer.ReportAsync(PushTests.Result(push, UploadResult.Success)));
        Assert.Equal(PushStatus.Success, (await _gateway.TargetAsync(push, "good")).Status);
    }

    private async Task AssertGoodAgentWorksAsync()
    {
        PushOrder push = await _gateway.PushAsync([4, 5, 6], "good");
        UploadOrder order = await _good.OrderedAsync();
        Assert.Equal([4, 5, 6], await PushTests.DownloadAsync(_good, order.SourceFilePath));
        Assert.Equal("success:", await _good.ReportAsync(PushTests.Result(push, UploadResult.Success)));
    }
}

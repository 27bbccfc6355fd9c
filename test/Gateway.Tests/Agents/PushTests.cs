using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using RPort.Gateway.Payloads;
using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;
using RPort.Ssh.Sftp;

namespace RPort.Gateway.Tests.Agents;

/// <summary>Files on their way to agents, told by agents of either kind.</summary>
public sealed class PushTests : IAsyncLifetime
{
    private readonly byte[] _content = RandomNumberGenerator.GetBytes(300_000);
    private GatewayUnderTest _gateway = null!;

    public async Task InitializeAsync() => _gateway = await GatewayUnderTest.StartAsync(("Agents:Sessions:RefusalLinger", "00:00:00.2"));

    public async Task DisposeAsync() => await _gateway.DisposeAsync();

    [Fact]
    public async Task An_agent_with_push2_fetches_the_file_and_reports_by_itself()
    {
        await using TestAgent agent = await PushAgentAsync("one");
        PushOrder push = await _gateway.PushAsync(_content, "one");
        UploadOrder order = await agent.OrderedAsync();
        Assert.Equal(push.Upload.Value, order.Id);
        Assert.Equal(_content.Length, order.Size);
        Assert.Equal(push.Sha256, order.Sha256Checksum);
        Assert.DoesNotContain(push.Upload.Value, order.SourceFilePath);
        Assert.Equal(_content, await DownloadAsync(agent, order.SourceFilePath));
        Assert.Equal(PushStatus.Pending, (await _gateway.TargetAsync(push, "one")).Status);

        Assert.Equal("success:", await agent.ReportAsync(Result(push, UploadResult.Success)));
        UploadTargetView target = await _gateway.TargetAsync(push, "one");
        Assert.Equal((PushStatus.Success, "done", "/srv/received/file", (long)_content.Length), (target.Status, target.Message, target.FilePath, target.Size));
    }

    [Fact]
    public async Task An_existing_agent_fetches_with_one_read_in_flight_and_answers_with_the_result()
    {
        TaskCompletionSource<UploadOrder> ordered = new();
        TaskCompletionSource<SshReply> result = new();
        await using TestAgent agent = await TestAgent.ConnectAsync(_gateway, "old");
        agent.Answer = request =>
        {
            if (request.Name != RequestNames.Upload)
            {
                return Task.FromResult(SshReply.Ok());
            }

            ordered.SetResult(ProtocolJson.TryRead(request.Payload, ProtocolJson.Default.UploadOrder)!);
            return result.Task;
        };
        PushOrder push = await _gateway.PushAsync(_content, "old");
        UploadOrder order = await ordered.Task.WaitAsync(TestAgent.Patience);
        Assert.Null(order.Sha256Checksum);
        Assert.Null(order.Size);
        Assert.Equal(_content, await FetchAsExistingAgentAsync(agent, order.SourceFilePath));

        result.SetResult(SshReply.Ok(Encoding.UTF8.GetBytes(
            $$"""{"uuid":"{{order.Id}}","filepath":"/srv/received/file","size":{{_content.Length}},"message":"file successfully copied to destination /srv/received/file","status":"success"}""")));
        UploadTargetView target = await _gateway.FinishedAsync(push, "old");
        Assert.Equal((PushStatus.Success, "file successfully copied to destination /srv/received/file"), (target.Status, target.Message));
    }

    [Fact]
    public async Task An_existing_agents_refusal_is_the_result()
    {
        await using TestAgent agent = await TestAgent.ConnectAsync(_gateway, "old");
        agent.Answer = request => Task.FromResult(request.Name == RequestNames.Upload ? SshReply.Fail("target path /bin matches protected pattern /bin") : SshReply.Ok());
        PushOrder push = await _gateway.PushAsync(_content, "old");
        UploadTargetView target = await _gateway.FinishedAsync(push, "old");
        Assert.Equal((PushStatus.Error, "client error: target path /bin matches protected pattern /bin", "", 0L), (target.Status, target.Message, target.FilePath, target.Size));
    }

    [Fact]
    public async Task An_existing_agent_gets_one_push_after_the_other_and_answers_pings_meanwhile_or_not()
    {
        using SemaphoreSlim answers = new(0);
        await using TestAgent agent = await TestAgent.ConnectAsync(_gateway, "old");
        int atOnce = 0;
        agent.Answer = async request =>
        {
            if (request.Name == RequestNames.Upload)
            {
                Assert.Equal(1, Interlocked.Increment(ref atOnce));
                await answers.WaitAsync(TestAgent.Patience);
                Interlocked.Decrement(ref atOnce);
                return SshReply.Ok("""{"status":"ignored"}"""u8.ToArray());
            }

            return SshReply.Ok();
        };
        PushOrder first = await _gateway.PushAsync(_content, "old");
        PushOrder second = await _gateway.PushAsync(_content, "old");
        answers.Release(2);
        Assert.Equal(PushStatus.Ignored, (await _gateway.FinishedAsync(first, "old")).Status);
        Assert.Equal(PushStatus.Ignored, (await _gateway.FinishedAsync(second, "old")).Status);
    }

    [Fact]
    public async Task A_client_that_takes_no_files_is_not_asked()
    {
        await using TestAgent agent = await TestAgent.LoginAsync(_gateway);
        using System.Text.Json.JsonDocument configuration = System.Text.Json.JsonDocument.Parse("""{"file_reception":{"enabled":false}}""");
        Assert.True((await agent.RegisterAsync(new ConnectionRequest { Id = "closed", ClientConfiguration = configuration.RootElement })).Success);
        PushOrder push = await _gateway.PushAsync(_content, "closed");
        UploadTargetView target = await _gateway.FinishedAsync(push, "closed");
        Assert.Equal((PushStatus.Error, "uploads are disabled on this client, check [file-reception] enabled option"), (target.Status, target.Message));
        Assert.DoesNotContain(RequestNames.Upload, agent.Unasked());
    }

    [Fact]
    public async Task A_push_made_while_the_agent_was_away_is_given_to_its_next_session()
    {
        await using (TestAgent first = await PushAgentAsync("one"))
        {
        }

        await GatewayUnderTest.UntilAsync(async () => (await _gateway.ClientAsync("one"))!.Connected == false);
        PushOrder push = await _gateway.PushAsync(_content, "one");
        await using TestAgent again = await PushAgentAsync("one");
        Assert.Equal(push.Upload.Value, (await again.OrderedAsync()).Id);
    }

    [Fact]
    public async Task A_result_of_an_earlier_session_is_taken_from_the_next_one()
    {
        PushOrder push;
        await using (TestAgent first = await PushAgentAsync("one"))
        {
            push = await _gateway.PushAsync(_content, "one");
            await first.OrderedAsync();
        }

        await using TestAgent again = await PushAgentAsync("one");
        Assert.Equal("success:", await again.ReportAsync(Result(push, UploadResult.Success)));
        Assert.Equal(PushStatus.Success, (await _gateway.TargetAsync(push, "one")).Status);
    }

    [Fact]
    public async Task A_push_reported_before_its_turn_is_not_ordered_again()
    {
        List<PushOrder> pushes = [];
        await using (TestAgent first = await PushAgentAsync("one"))
        {
            for (int i = 0; i < 6; i++)
            {
                pushes.Add(await _gateway.PushAsync([1, 2, 3], "one"));
            }

            await first.OrderedAsync();
        }

        await using TestAgent again = await PushAgentAsync("one");
        HashSet<string> ordered = [];
        for (int i = 0; i < 4; i++)
        {
            ordered.Add((await again.OrderedAsync()).Id);
        }

        PushOrder[] waiting = [.. pushes.Where(push => !ordered.Contains(push.Upload.Value))];
        foreach (PushOrder push in waiting.Concat(pushes.Except(waiting)))
        {
            Assert.Equal("success:", await again.ReportAsync(Result(push, UploadResult.Success)));
        }

        Assert.True((await again.RequestAsync(RequestNames.Ping, [])).Success);
        PushOrder last = await _gateway.PushAsync([4], "one");
        Assert.Equal(last.Upload.Value, (await again.OrderedAsync()).Id);
    }

    [Fact]
    public async Task A_result_reported_twice_changes_nothing_and_may_be_forgotten()
    {
        await using TestAgent agent = await PushAgentAsync("one");
        PushOrder push = await _gateway.PushAsync(_content, "one");
        await agent.OrderedAsync();
        Assert.Equal("success:", await agent.ReportAsync(Result(push, UploadResult.Success)));
        string again = await agent.ReportAsync(Result(push, UploadResult.Error));
        Assert.Contains(again, new[] { "success:", "failure:unknown upload" });
        Assert.Equal(PushStatus.Success, (await _gateway.TargetAsync(push, "one")).Status);
    }

    [Fact]
    public async Task A_push_taken_back_is_cancelled_at_the_agent_and_can_no_longer_be_read()
    {
        await using TestAgent agent = await PushAgentAsync("one");
        PushOrder push = await _gateway.PushAsync(_content, "one");
        UploadOrder order = await agent.OrderedAsync();
        Assert.Equal(_content, await DownloadAsync(agent, order.SourceFilePath));
        await _gateway.Grains.GetGrain<IUploadGrain>(push.Upload.Value).CancelAsync();

        SshRequest cancel = await agent.RequestedAsync(RequestNames.UploadCancel);
        Assert.Equal(order.Id, ProtocolJson.TryRead(cancel.Payload, ProtocolJson.Default.UploadCancel)!.Id);
        SftpException refused = await Assert.ThrowsAsync<SftpException>(() => DownloadAsync(agent, order.SourceFilePath));
        Assert.Equal(SftpStatus.NoSuchFile, refused.Status);
        Assert.Equal("failure:unknown upload", await agent.ReportAsync(Result(push, UploadResult.Error)));
        Assert.Equal(PushStatus.Canceled, (await _gateway.TargetAsync(push, "one")).Status);
    }

    [Fact]
    public async Task A_file_that_was_in_place_before_the_push_was_taken_back_is_shown_as_placed()
    {
        await using TestAgent agent = await PushAgentAsync("one");
        PushOrder push = await _gateway.PushAsync(_content, "one");
        await agent.OrderedAsync();
        await _gateway.Grains.GetGrain<IUploadGrain>(push.Upload.Value).CancelAsync();
        await agent.RequestedAsync(RequestNames.UploadCancel);

        Assert.Equal("success:", await agent.ReportAsync(Result(push, UploadResult.Success)));
        UploadTargetView target = await _gateway.TargetAsync(push, "one");
        Assert.Equal(PushStatus.Success, target.Status);
        Assert.Contains("taken back too late", target.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Progress_shows_while_the_agent_fetches()
    {
        await using TestAgent agent = await PushAgentAsync("one");
        PushOrder push = await _gateway.PushAsync(_content, "one");
        await DownloadAsync(agent, (await agent.OrderedAsync()).SourceFilePath);
        await GatewayUnderTest.UntilAsync(async () => (await _gateway.TargetAsync(push, "one")).Bytes > 0);
    }

    [Fact]
    public async Task A_payload_that_is_gone_fails_the_read_and_not_the_session()
    {
        await using TestAgent agent = await PushAgentAsync("one");
        PushOrder push = await _gateway.PushAsync(_content, "one");
        UploadOrder order = await agent.OrderedAsync();
        await _gateway.Payloads.DeleteAsync(push.Upload, default);
        await Assert.ThrowsAsync<SftpException>(() => DownloadAsync(agent, order.SourceFilePath));
        Assert.True((await agent.RequestAsync(RequestNames.Ping, [])).Success);
    }

    private Task<TestAgent> PushAgentAsync(string id) => TestAgent.ConnectAsync(_gateway, id, ProtocolFeatures.Push2);

    internal static UploadResult Result(PushOrder push, string status) => new()
    {
        Id = push.Upload.Value,
        Status = status,
        Message = "done",
        FilePath = push.Destination,
        Size = push.Size,
        Attempt = push.Attempt,
    };

    internal static async Task<byte[]> DownloadAsync(TestAgent agent, string path)
    {
        await using SftpClient sftp = await SftpClient.OpenAsync(agent.Connection, new SftpClientOptions(), default).WaitAsync(TestAgent.Patience);
        MemoryStream content = new();
        await sftp.DownloadAsync(path, 0, block =>
        {
            content.Write(block.Span);
            return ValueTask.CompletedTask;
        }, default).WaitAsync(TestAgent.Patience);
        return content.ToArray();
    }

    // The order of messages of the existing agent, byte for byte where it matters: INIT, OPEN, READ of 32768 one at a time, CLOSE, EOF; then it waits for our close.
    private static async Task<byte[]> FetchAsExistingAgentAsync(TestAgent agent, string path)
    {
        SshChannel channel = await agent.Connection.OpenChannelAsync(RequestNames.SessionChannel, default, default).AsTask().WaitAsync(TestAgent.Patience);
        Assert.True(await channel.RequestAsync("subsystem", new byte[] { 0, 0, 0, 4, (byte)'s', (byte)'f', (byte)'t', (byte)'p' }, default).AsTask().WaitAsync(TestAgent.Patience));
        Stream stream = channel.AsStream();

        byte[] version = await AskAsync(stream, [1, 0, 0, 0, 3]);
        Assert.Equal([2, 0, 0, 0, 3], version[..5]);
        byte[] name = Encoding.UTF8.GetBytes(path);
        byte[] opened = await AskAsync(stream, [3, 0, 0, 0, 1, .. Number(name.Length), .. name, 0, 0, 0, 1, 0, 0, 0, 0]);
        Assert.Equal([102, 0, 0, 0, 1], opened[..5]);
        byte[] handle = opened[5..];

        MemoryStream content = new();
        for (uint id = 2; ; id++)
        {
            byte[] offset = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(offset, content.Length);
            byte[] answer = await AskAsync(stream, [5, .. Number((int)id), .. handle, .. offset, 0, 0, 0x80, 0]);
            if (answer[0] == 101)
            {
                Assert.Equal(1, BinaryPrimitives.ReadInt32BigEndian(answer.AsSpan(5)));
                break;
            }

            Assert.Equal(103, answer[0]);
            content.Write(answer.AsSpan(9));
        }

        byte[] closed = await AskAsync(stream, [4, 0, 0, 1, 0, .. handle]);
        Assert.Equal([101, 0, 0, 1, 0, 0, 0, 0, 0], closed[..9]);
        await channel.SendEofAsync(default);
        Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(TestAgent.Patience));
        await channel.Closed.WaitAsync(TestAgent.Patience);
        return content.ToArray();
    }

    private static byte[] Number(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static async Task<byte[]> AskAsync(Stream stream, byte[] request)
    {
        await stream.WriteAsync((byte[])[.. Number(request.Length), .. request]);
        byte[] length = new byte[4];
        await stream.ReadExactlyAsync(length).AsTask().WaitAsync(TestAgent.Patience);
        byte[] answer = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        await stream.ReadExactlyAsync(answer).AsTask().WaitAsync(TestAgent.Patience);
        return answer;
    }
}

using System.Security.Cryptography;
using System.Text;
using RPort.Agent.Configuration;
using RPort.Agent.Tests.Kit;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Agent.Tests.Session;

/// <summary>Pushes through the whole agent: order, fetch over SFTP, placing, report.</summary>
public sealed class PushTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly SshHostKey _key = SshHostKey.GenerateEcdsa();
    private readonly TempFolder _folder = new();
    private readonly byte[] _content = new byte[3_000_000];

    public PushTests() => new Random(7).NextBytes(_content);

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_order_is_accepted_at_once_and_its_result_reported_until_it_is_recorded()
    {
        int refusals = 1;
        await using FakeGateway gateway = new(_key)
        {
            Files = Served("/opaque/1"),
            Answer = request => request.Name == RequestNames.UploadResult && refusals-- > 0 ? SshReply.Fail("storage is down") : SshReply.Ok(),
        };
        await using RunningAgent agent = new(RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url));
        (SshConnection connection, _) = await gateway.RegisteredAsync();
        SshReply reply = await OrderAsync(connection, Order("push-1", "/opaque/1"));
        Assert.True(reply.Success, Encoding.UTF8.GetString(reply.Payload.Span));
        Assert.True(ProtocolJson.TryRead(reply.Payload, ProtocolJson.Default.UploadAccepted)!.Accepted);

        await gateway.RequestedAsync(RequestNames.UploadResult);
        SshRequest report = await gateway.RequestedAsync(RequestNames.UploadResult); // again, as the first was not recorded
        UploadResult result = ProtocolJson.TryRead(report.Payload, ProtocolJson.Default.UploadResult)!;
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal("push-1", result.Id);
        Assert.Equal(_content, await File.ReadAllBytesAsync(_folder["placed/push-1"]));
    }

    [Fact]
    public async Task A_gateway_of_the_base_protocol_gets_the_result_as_its_answer()
    {
        await using FakeGateway gateway = new(_key) { Files = Served("/tmp/1"), Capabilities = new Capabilities { ServerVersion = "0.9.14" } };
        await using RunningAgent agent = new(RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url));
        (SshConnection connection, _) = await gateway.RegisteredAsync();
        SshReply reply = await OrderAsync(connection, Order("push-2", "/tmp/1") with { Size = null, Sha256Checksum = null });
        Assert.True(reply.Success, Encoding.UTF8.GetString(reply.Payload.Span));
        UploadResult result = ProtocolJson.TryRead(reply.Payload, ProtocolJson.Default.UploadResult)!;
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal(_content.Length, result.Size);
        reply = await OrderAsync(connection, Order("push-3", "/tmp/none"));
        Assert.False(reply.Success);
        Assert.NotEqual(0, reply.Payload.Length);
    }

    [Fact]
    public async Task Refused_and_unreadable_orders_fail_with_a_text()
    {
        await using FakeGateway gateway = new(_key);
        AgentOptions options = RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url);
        options.FileReception.Protected = ["/etc"];
        await using RunningAgent agent = new(options);
        (SshConnection connection, _) = await gateway.RegisteredAsync();
        SshReply reply = await OrderAsync(connection, Order("push-4", "/x") with { DestinationPath = "/etc/passwd" });
        Assert.False(reply.Success);
        Assert.Contains("protected", Encoding.UTF8.GetString(reply.Payload.Span), StringComparison.Ordinal);
        reply = await connection.RequestAsync(RequestNames.Upload, "{"u8.ToArray(), CancellationToken.None);
        Assert.False(reply.Success);
    }

    [Fact]
    public async Task A_download_cut_by_a_lost_connection_resumes_on_the_next()
    {
        TaskCompletionSource half = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ServedFiles files = Served("/a", "/b");
        files.BeforeRead = offset =>
        {
            if (offset < 2_000_000)
            {
                return Task.CompletedTask;
            }

            half.TrySetResult();
            return Task.Delay(Timeout.Infinite);
        };
        await using FakeGateway gateway = new(_key) { Files = files };
        await using RunningAgent agent = new(RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url));
        (SshConnection connection, _) = await gateway.RegisteredAsync();
        Assert.True((await OrderAsync(connection, Order("push-5", "/a"))).Success);
        await half.Task.WaitAsync(Patience);
        await connection.CloseAsync(SshDisconnectReason.ByApplication, "cut");

        files.BeforeRead = _ => Task.CompletedTask;
        files.LowestOffset = null;
        (connection, _) = await gateway.RegisteredAsync();
        Assert.True((await OrderAsync(connection, Order("push-5", "/b"))).Success);
        SshRequest report = await gateway.RequestedAsync(RequestNames.UploadResult);
        Assert.Equal(UploadResult.Success, ProtocolJson.TryRead(report.Payload, ProtocolJson.Default.UploadResult)!.Status);
        Assert.Equal(_content, await File.ReadAllBytesAsync(_folder["placed/push-5"]));
        Assert.True(files.LowestOffset > 500_000, $"the second download began at {files.LowestOffset}");
    }

    [Fact]
    public async Task A_push_goes_on_over_the_primary_after_a_switch_back()
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ServedFiles held = Served("/a");
        held.BeforeRead = _ =>
        {
            started.TrySetResult();
            return Task.Delay(Timeout.Infinite);
        };
        await using FakeGateway primary = new(_key) { Refusal = "not yet", Files = Served("/b") };
        await using FakeGateway fallback = new(_key) { Files = held };
        AgentOptions options = RunningAgent.Options(_key.Fingerprint.Sha256, primary.Url, fallback.Url);
        options.Client.ServerSwitchbackInterval = TimeSpan.FromMilliseconds(50);
        await using RunningAgent agent = new(options);
        (SshConnection onFallback, _) = await fallback.RegisteredAsync();
        Assert.True((await OrderAsync(onFallback, Order("push-6", "/a"))).Success);
        await started.Task.WaitAsync(Patience);

        primary.Refusal = null;
        (SshConnection onPrimary, _) = await primary.RegisteredAsync();
        Assert.True((await OrderAsync(onPrimary, Order("push-6", "/b"))).Success); // waits until the old session has let go
        SshRequest report = await primary.RequestedAsync(RequestNames.UploadResult);
        Assert.Equal(UploadResult.Success, ProtocolJson.TryRead(report.Payload, ProtocolJson.Default.UploadResult)!.Status);
    }

    [Fact]
    public async Task A_cancelled_push_leaves_nothing_and_reports_nothing()
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ServedFiles files = Served("/a", "/b");
        files.BeforeRead = _ =>
        {
            started.TrySetResult();
            return Task.Delay(Timeout.Infinite);
        };
        await using FakeGateway gateway = new(_key) { Files = files };
        await using RunningAgent agent = new(RunningAgent.Options(_key.Fingerprint.Sha256, gateway.Url));
        (SshConnection connection, _) = await gateway.RegisteredAsync();
        Assert.True((await OrderAsync(connection, Order("push-7", "/a"))).Success);
        await started.Task.WaitAsync(Patience);
        await connection.NotifyAsync(
            RequestNames.UploadCancel, ProtocolJson.Write(new UploadCancel { Id = "push-7" }, ProtocolJson.Default.UploadCancel), CancellationToken.None);
        files.BeforeRead = _ => Task.CompletedTask;
        Assert.True((await OrderAsync(connection, Order("push-8", "/b"))).Success);
        SshRequest report = await gateway.RequestedAsync(RequestNames.UploadResult);
        Assert.Equal("push-8", ProtocolJson.TryRead(report.Payload, ProtocolJson.Default.UploadResult)!.Id);
        Assert.False(File.Exists(_folder["placed/push-7"]));
    }

    private ServedFiles Served(params string[] paths) => new(paths.ToDictionary(path => path, _ => _content));

    private UploadOrder Order(string id, string source) => new()
    {
        Id = id,
        SourceFilePath = source,
        DestinationPath = _folder[$"placed/{id}"],
        ForceWrite = true,
#pragma warning disable CA5351 // the protocol's checksum
        Md5Checksum = Convert.ToBase64String(MD5.HashData(_content)),
#pragma warning restore CA5351
        Sha256Checksum = Convert.ToBase64String(SHA256.HashData(_content)),
        Size = _content.Length,
    };

    private static async Task<SshReply> OrderAsync(SshConnection connection, UploadOrder order) =>
        await connection.RequestAsync(RequestNames.Upload, ProtocolJson.Write(order, ProtocolJson.Default.UploadOrder), CancellationToken.None).AsTask().WaitAsync(Patience);
}

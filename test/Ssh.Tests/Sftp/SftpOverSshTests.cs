using RPort.Ssh.Sftp;
using RPort.Testing;

namespace RPort.Ssh.Tests.Sftp;

/// <summary>Both ends of SFTP on channels of one SSH connection.</summary>
public sealed class SftpOverSshTests
{
    private static readonly byte[] SubsystemName = [0, 0, 0, 4, .. "sftp"u8];

    private readonly byte[] _content = new byte[6_000_001];
    private readonly MemoryFiles _files;

    public SftpOverSshTests()
    {
        new Random(41).NextBytes(_content);
        _files = new MemoryFiles().With("/big", _content);
    }

    [Theory]
    [InlineData(1L << 30)]
    [InlineData(256 * 1024L)]
    public async Task A_file_arrives_whole_however_often_the_keys_change(long rekeyAfterBytes)
    {
        var options = new SshServerOptions
        {
            HostKeys = SessionPair.ServerOptions.HostKeys,
            AuthenticateAsync = SessionPair.ServerOptions.AuthenticateAsync,
            RekeyAfterBytes = rekeyAfterBytes,
        };
        await using SessionPair pair = await SessionPair.CreateAsync(serverOptions: options);
        Serve(pair);
        await using SftpClient client = await SftpClient.OpenAsync(pair.Client, new SftpClientOptions(), CancellationToken.None).WaitAsync(SessionPair.Patience);
        MemoryStream sink = new();
        await client.DownloadAsync("/big", 0, Into(sink), CancellationToken.None).WaitAsync(SessionPair.Patience);
        Assert.True(_content.AsSpan().SequenceEqual(sink.ToArray()));
    }

    [Fact]
    public async Task Several_clients_on_one_connection_do_not_wait_for_each_other()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        Serve(pair);
        await using SftpClient slow = await SftpClient.OpenAsync(pair.Client, new SftpClientOptions(), CancellationToken.None).WaitAsync(SessionPair.Patience);
        await using SftpClient fast = await SftpClient.OpenAsync(pair.Client, new SftpClientOptions(), CancellationToken.None).WaitAsync(SessionPair.Patience);
        var go = new TaskCompletionSource();
        Task<long> held = slow.DownloadAsync("/big", 0, async _ => await go.Task, CancellationToken.None);
        Assert.Equal(_content.Length, await fast.DownloadAsync("/big", 0, _ => default, CancellationToken.None).WaitAsync(SessionPair.Patience));
        Assert.False(held.IsCompleted);
        go.SetResult();
        Assert.Equal(_content.Length, await held.WaitAsync(SessionPair.Patience));
    }

    [Fact]
    public async Task The_server_closes_the_channel_at_the_clients_EOF()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        Serve(pair);
        SshChannel channel = await pair.Client.OpenChannelAsync("session", default, CancellationToken.None);
        Assert.True(await channel.RequestAsync("subsystem", SubsystemName, CancellationToken.None));
        await channel.WriteAsync(Packets.Init, CancellationToken.None);
        Assert.True(await channel.ReadAsync(new byte[100], CancellationToken.None) > 0);
        await channel.WriteAsync(Packets.Open(1, "/big"), CancellationToken.None);
        Assert.True(await channel.ReadAsync(new byte[100], CancellationToken.None) > 0);
        Assert.Equal(1, _files.Open);
        await channel.SendEofAsync(CancellationToken.None);
        Assert.Equal(0, await channel.ReadAsync(new byte[100], CancellationToken.None).AsTask().WaitAsync(SessionPair.Patience));
        await channel.CloseAsync();
        await channel.Closed.WaitAsync(SessionPair.Patience);
        Assert.Equal(0, _files.Open);
    }

    [Fact]
    public async Task A_connection_lost_amid_a_download_fails_it_and_closes_the_file()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        var served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Serve(pair, served);
        await using SftpClient client = await SftpClient.OpenAsync(pair.Client, new SftpClientOptions(), CancellationToken.None).WaitAsync(SessionPair.Patience);
        SftpException e = await Assert.ThrowsAsync<SftpException>(() => client.DownloadAsync(
            "/big",
            0,
            async _ => await pair.Server.CloseAsync(SshDisconnectReason.ByApplication, "the gateway stops"),
            CancellationToken.None).WaitAsync(SessionPair.Patience));
        Assert.Equal(SftpStatus.ConnectionLost, e.Status);
        await served.Task.WaitAsync(SessionPair.Patience);
        Assert.Equal(0, _files.Open);
    }

    [Fact]
    public async Task A_server_without_the_subsystem_is_told_apart()
    {
        await using SessionPair pair = await SessionPair.CreateAsync();
        pair.ServerHandler.OnOpen = _ => SshChannelVerdict.Accept((channel, _) => channel.Closed);
        SftpException e = await Assert.ThrowsAsync<SftpException>(
            () => SftpClient.OpenAsync(pair.Client, new SftpClientOptions(), CancellationToken.None).WaitAsync(SessionPair.Patience));
        Assert.Equal(SftpStatus.NoConnection, e.Status);
    }

    [Fact]
    public async Task A_server_that_never_grants_the_subsystem_is_given_up()
    {
        var clock = new ManualTime();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var never = new TaskCompletionSource<bool>();
        await using SessionPair pair = await SessionPair.CreateAsync();
        pair.ServerHandler.OnOpen = _ => SshChannelVerdict.Accept(async (channel, _) =>
        {
            channel.RequestHandler = (_, _) =>
            {
                asked.TrySetResult();
                return new ValueTask<bool>(never.Task);
            };
            await channel.Closed;
            never.TrySetResult(false);
        });
        Task<SftpClient> opening = SftpClient.OpenAsync(pair.Client, new SftpClientOptions { TimeProvider = clock }, CancellationToken.None);
        await asked.Task.WaitAsync(SessionPair.Patience);
        clock.Advance(TimeSpan.FromSeconds(61));
        SftpException e = await Assert.ThrowsAsync<SftpException>(() => opening.WaitAsync(SessionPair.Patience));
        Assert.Equal(SftpStatus.ConnectionLost, e.Status);
    }

    private static Func<ReadOnlyMemory<byte>, ValueTask> Into(MemoryStream sink) => bytes =>
    {
        sink.Write(bytes.Span);
        return default;
    };

    /// <summary>Serves the files on every session channel the client opens, and tells when one has ended.</summary>
    private void Serve(SessionPair pair, TaskCompletionSource? ended = null)
    {
        var server = new SftpServer(_files, new SftpServerOptions());
        pair.ServerHandler.OnOpen = _ => SshChannelVerdict.Accept(async (channel, cancellationToken) =>
        {
            var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            channel.RequestHandler = (request, _) => ValueTask.FromResult(request.Type == "subsystem" && asked.TrySetResult());
            await asked.Task.WaitAsync(cancellationToken);
            Task serving = server.ServeAsync(channel, cancellationToken);
            await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ended?.TrySetResult();
            await serving;
        });
    }
}

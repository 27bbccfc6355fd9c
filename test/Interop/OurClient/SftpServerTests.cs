using RPort.Interop.OpenSsh;
using RPort.Ssh.Sftp;

namespace RPort.Interop.OurClient;

/// <summary>Our SFTP client on OpenSSH's <c>sftp-server</c>.</summary>
[Collection(SshdCollection.Name)]
public sealed class SftpServerTests(SystemAccount account) : IAsyncLifetime
{
    private OpenSshDaemon _daemon = null!;
    private OurClientConnection _connection = null!;
    private SftpClient _client = null!;

    public async Task InitializeAsync()
    {
        _daemon = await OpenSshDaemon.StartAsync(account);
        _connection = await OurClientConnection.ConnectAsync(_daemon, account);
        _client = await SftpClient.OpenAsync(_connection.Connection, new SftpClientOptions(), CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _connection.DisposeAsync();
        await _daemon.DisposeAsync();
    }

    [Fact]
    public async Task A_hundred_megabytes_go_up_and_come_down_again()
    {
        byte[] content = Noise.Bytes(100_000_000);
        string path = Path.Combine(account.Home, "big");
        Assert.Equal(content.Length, await _client.UploadAsync(path, new MemoryStream(content), CancellationToken.None));
        Assert.Equal(content.Length, (await _client.StatAsync(path, CancellationToken.None)).Size);
        var sink = new MemoryStream(content.Length);
        Assert.Equal(content.Length, await _client.DownloadAsync(path, 0, Into(sink), CancellationToken.None));
        Noise.AssertSame(content, sink.ToArray());
        await _client.RemoveAsync(path, CancellationToken.None);
        Assert.Equal(SftpStatus.NoSuchFile, (await Assert.ThrowsAsync<SftpException>(() => _client.StatAsync(path, CancellationToken.None))).Status);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(32768, 0)]
    [InlineData(1_000_000, 700_001)]
    [InlineData(1_000_000, 1_000_000)]
    public async Task Files_of_any_size_are_resumed_at_any_offset(int size, int offset)
    {
        byte[] content = Noise.Bytes(size);
        string path = Path.Combine(account.Home, $"file-{size}-{offset}");
        await _client.UploadAsync(path, new MemoryStream(content), CancellationToken.None);
        var sink = new MemoryStream();
        await _client.DownloadAsync(path, offset, Into(sink), CancellationToken.None);
        Noise.AssertSame(content.AsMemory(offset), sink.ToArray());
    }

    [Fact]
    public async Task A_file_without_a_size_is_read_to_its_end()
    {
        var sink = new MemoryStream();
        await _client.DownloadAsync("/proc/cpuinfo", 0, Into(sink), CancellationToken.None);
        Assert.True(sink.Length > 100);
    }

    [Fact]
    public async Task Paths_are_made_absolute_and_refusals_are_told()
    {
        Assert.Equal(account.Home, await _client.RealPathAsync(".", CancellationToken.None));
        Assert.Equal(
            SftpStatus.PermissionDenied,
            (await Assert.ThrowsAsync<SftpException>(() => _client.UploadAsync("/etc/rport-interop", Stream.Null, CancellationToken.None))).Status);
        Assert.Equal(
            SftpStatus.PermissionDenied,
            (await Assert.ThrowsAsync<SftpException>(() => _client.DownloadAsync("/etc/shadow", 0, _ => default, CancellationToken.None))).Status);
    }

    private static Func<ReadOnlyMemory<byte>, ValueTask> Into(MemoryStream sink) => bytes =>
    {
        sink.Write(bytes.Span);
        return default;
    };
}

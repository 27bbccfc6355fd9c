using System.Diagnostics;
using RPort.Interop.OpenSsh;

namespace RPort.Interop.OurServer;

/// <summary>OpenSSH's <c>sftp</c> and <c>scp -s</c> fetch files from our SFTP server.</summary>
public sealed class SftpTests : IAsyncLifetime
{
    private readonly TemporaryFolder _served = new();
    private readonly TemporaryFolder _local = new();
    private LoopbackSshServer _server = null!;
    private OpenSshClient _client = null!;

    public Task InitializeAsync()
    {
        _server = new LoopbackSshServer(new ServerSettings { Folder = _served.Path });
        _client = _server.Client();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        _served.Dispose();
        _local.Dispose();
    }

    [Fact]
    public async Task Sftp_gets_100_megabytes()
    {
        byte[] content = Noise.Bytes(100_000_000);
        await File.WriteAllBytesAsync(_served["big"], content);
        (await _client.SftpAsync($"get /big {_local["copy"]}\n")).Expect();
        Noise.AssertSame(content, await File.ReadAllBytesAsync(_local["copy"]));
    }

    [Fact]
    public async Task A_client_killed_amid_a_file_harms_nobody_else()
    {
        using (FileStream sparse = File.Create(_served["huge"]))
        {
            sparse.SetLength(50L << 30);
        }

        using Process killed = _client.StartSftp($"get /huge {_local["copy"]}\n");
        await Eventually.TrueAsync(() => File.Exists(_local["copy"]) && new FileInfo(_local["copy"]).Length > 1_000_000);
        killed.Kill(entireProcessTree: true);
        await killed.WaitForExitAsync();
        await Eventually.TrueAsync(() => !_server.Ends.IsEmpty);
        await File.WriteAllTextAsync(_served["file"], "text");
        (await _client.SftpAsync($"get /file {_local["other"]}\n")).Expect();
        Assert.Equal("text", await File.ReadAllTextAsync(_local["other"]));
    }

    [Fact]
    public async Task Scp_gets_a_file()
    {
        byte[] content = Noise.Bytes(5_000_000);
        await File.WriteAllBytesAsync(_served["file"], content);
        (await _client.ScpAsync(":/file", _local["copy"])).Expect();
        Noise.AssertSame(content, await File.ReadAllBytesAsync(_local["copy"]));
    }

    [Fact]
    public async Task Sftp_gets_an_empty_file()
    {
        await File.WriteAllBytesAsync(_served["empty"], []);
        (await _client.SftpAsync($"get /empty {_local["copy"]}\n")).Expect();
        Assert.Equal(0, new FileInfo(_local["copy"]).Length);
    }

    [Fact]
    public async Task Sftp_resumes_a_file()
    {
        byte[] content = Noise.Bytes(2_000_000);
        await File.WriteAllBytesAsync(_served["file"], content);
        await File.WriteAllBytesAsync(_local["copy"], content[..700_001]);
        (await _client.SftpAsync($"reget /file {_local["copy"]}\n")).Expect();
        Noise.AssertSame(content, await File.ReadAllBytesAsync(_local["copy"]));
    }

    [Theory]
    [InlineData(1, 32768)] // as existing agents read
    [InlineData(64, 1000)]
    [InlineData(256, 200_000)]
    public async Task Sftp_gets_a_file_with_any_number_of_requests_in_flight(int requests, int bytes)
    {
        byte[] content = Noise.Bytes(3_000_000);
        await File.WriteAllBytesAsync(_served["file"], content);
        (await _client.SftpAsync($"get /file {_local["copy"]}\n", "-R", $"{requests}", "-B", $"{bytes}")).Expect();
        Noise.AssertSame(content, await File.ReadAllBytesAsync(_local["copy"]));
    }

    [Fact]
    public async Task Sftp_walks_folders_and_is_told_where_it_is()
    {
        Directory.CreateDirectory(_served["sub"]);
        await File.WriteAllTextAsync(_served["sub/file"], "text");
        ToolResult result = (await _client.SftpAsync($"pwd\ncd sub\npwd\nget file {_local["copy"]}\n")).Expect();
        Assert.Contains("working directory: /sub", result.Text, StringComparison.Ordinal);
        Assert.Equal("text", await File.ReadAllTextAsync(_local["copy"]));
    }

    [Theory]
    [InlineData("get /none")]
    [InlineData("rm /file")]
    [InlineData("rename /file /other")]
    [InlineData("mkdir /new")]
    [InlineData("rmdir /sub")]
    [InlineData("chmod 600 /file")]
    [InlineData("symlink /file /link")]
    [InlineData("put {local}/mine /mine")]
    [InlineData("put {local}/mine /file")]
    [InlineData("ls /sub")]
    public async Task Sftp_is_refused_what_is_not_served_and_the_session_goes_on(string line)
    {
        Directory.CreateDirectory(_served["sub"]);
        await File.WriteAllTextAsync(_served["file"], "untouched");
        await File.WriteAllTextAsync(_local["mine"], "mine");
        string command = line.Replace("{local}", _local.Path, StringComparison.Ordinal);
        (await _client.SftpAsync($"{command}\n")).Expect(1);
        (await _client.SftpAsync($"-{command}\nget /file {_local["copy"]}\n")).Expect();
        Assert.Equal("untouched", await File.ReadAllTextAsync(_local["copy"]));
        Assert.Equal(["file", "sub"], Directory.GetFileSystemEntries(_served.Path).Select(Path.GetFileName).Order());
        Assert.Equal("untouched", await File.ReadAllTextAsync(_served["file"]));
    }
}

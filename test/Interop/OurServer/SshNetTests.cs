using Renci.SshNet;
using Renci.SshNet.Common;
using RPort.Interop.OpenSsh;

namespace RPort.Interop.OurServer;

/// <summary>SSH.NET's clients on our server: a second judge, with code of its own for every layer. Its calls block, so each test runs them on a pool thread.</summary>
public sealed class SshNetTests : IAsyncLifetime
{
    private readonly TemporaryFolder _served = new();
    private LoopbackSshServer _server = null!;

    public Task InitializeAsync()
    {
        _server = new LoopbackSshServer(new ServerSettings { Folder = _served.Path });
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _served.Dispose();
    }

    [Fact]
    public Task Commands_run_and_their_status_arrives() => Task.Run(() =>
    {
        using var client = new SshClient("127.0.0.1", _server.Port, LoopbackSshServer.UserName, _server.Password);
        client.Connect();
        using SshCommand echo = client.CreateCommand("echo hello");
        Assert.Equal("hello\n", echo.Execute());
        using SshCommand exit = client.CreateCommand("exit 7");
        exit.Execute();
        Assert.Equal(7, (int?)exit.ExitStatus);
        using SshCommand complain = client.CreateCommand("complain loudly");
        complain.Execute();
        Assert.Equal("loudly\n", complain.Error);
        client.Disconnect();
    });

    [Fact]
    public Task A_wrong_password_is_refused() => Task.Run(() =>
    {
        using var client = new SshClient("127.0.0.1", _server.Port, LoopbackSshServer.UserName, "wrong");
        Assert.Throws<SshAuthenticationException>(client.Connect);
    });

    [Fact]
    public Task Files_are_fetched_whole() => Task.Run(() =>
    {
        byte[] content = Noise.Bytes(20_000_000);
        File.WriteAllBytes(_served["big"], content);
        using SftpClient client = Connect();
        var copy = new MemoryStream();
        client.DownloadFile("/big", copy);
        Noise.AssertSame(content, copy.ToArray());
        Assert.Equal(content.Length, client.GetAttributes("/big").Size);
        Assert.Equal("/", client.WorkingDirectory);
    });

    [Fact]
    public Task What_is_not_served_is_refused_and_the_session_goes_on() => Task.Run(() =>
    {
        File.WriteAllText(_served["file"], "untouched");
        using SftpClient client = Connect();
        Assert.Throws<SftpPathNotFoundException>(() => client.GetAttributes("/none"));
        Assert.Throws<SftpPermissionDeniedException>(() => client.DeleteFile("/file"));
        Assert.Throws<SftpPermissionDeniedException>(() => client.CreateDirectory("/new"));
        Assert.Throws<SftpPermissionDeniedException>(() => client.UploadFile(new MemoryStream([1, 2, 3]), "/file"));
        Assert.Equal("untouched", client.ReadAllText("/file"));
    });

    private SftpClient Connect()
    {
        var client = new SftpClient("127.0.0.1", _server.Port, LoopbackSshServer.UserName, _server.Password);
        client.Connect();
        return client;
    }
}

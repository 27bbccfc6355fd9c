using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using RPort.Agent.Tests.Kit;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Agent.Tests;

/// <summary>The program from outside: arguments, exit codes, signals, the service manager.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly SshHostKey _key = SshHostKey.GenerateEcdsa();
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(PosixSignal.SIGTERM)]
    [InlineData(PosixSignal.SIGINT)]
    public async Task A_signal_ends_it_in_order_with_exit_code_0(PosixSignal signal)
    {
        await using FakeGateway gateway = new(_key);
        await using AgentProcess agent = new(Arguments(gateway));
        (SshConnection connection, _) = await gateway.RegisteredAsync();
        agent.Signal(signal);
        (int exitCode, string output, _) = await agent.ExitAsync();
        Assert.Equal(0, exitCode);
        Assert.Contains("stopped", output, StringComparison.Ordinal);
        Assert.Equal(SshDisconnectReason.ByApplication, (await connection.Completion.WaitAsync(TimeSpan.FromSeconds(10))).Reason);
    }

    [Fact]
    public async Task A_hang_up_signal_makes_it_reconnect()
    {
        await using FakeGateway gateway = new(_key);
        await using AgentProcess agent = new(Arguments(gateway));
        (SshConnection connection, ConnectionRequest first) = await gateway.RegisteredAsync();
        agent.Signal(PosixSignal.SIGHUP);
        await connection.Completion.WaitAsync(TimeSpan.FromSeconds(10));
        (_, ConnectionRequest second) = await gateway.RegisteredAsync();
        Assert.Equal(first.SessionId, second.SessionId);
    }

    [Fact]
    public async Task The_service_manager_hears_ready_status_watchdog_and_stopping()
    {
        await using FakeGateway gateway = new(_key);
        using Socket manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(_folder["notify"]));
        await using AgentProcess agent = new(
            Arguments(gateway), new Dictionary<string, string> { ["NOTIFY_SOCKET"] = _folder["notify"], ["WATCHDOG_USEC"] = "1500000" });
        HashSet<string> missing = ["READY=1", $"STATUS=connected to {gateway.Url}/", "WATCHDOG=1"];
        while (missing.Count > 0)
        {
            missing.Remove(await ReceiveAsync());
        }

        agent.Signal(PosixSignal.SIGTERM);
        while (await ReceiveAsync() != "STOPPING=1")
        {
        }

        async Task<string> ReceiveAsync()
        {
            byte[] buffer = new byte[4096];
            return Encoding.UTF8.GetString(buffer, 0, await manager.ReceiveAsync(buffer, SocketFlags.None).WaitAsync(TimeSpan.FromSeconds(20)));
        }
    }

    [Fact]
    public async Task Check_config_prints_effective_values_with_origins_and_no_secret()
    {
        string file = _folder.Write("agent.json", """{"Client":{"Server":"gw:1","AllowUnpinned":true},"Connection":{"KeepAlive":"30s"}}""");
        await using AgentProcess agent = new(
            ["check-config", "--config", file, "--tag", "a", "--tag", "b", "--set", "Connection:KeepAlive=40s"], new Dictionary<string, string> { ["RPORT_AUTH"] = "me:hush" });
        (int exitCode, string output, string errors) = await agent.ExitAsync();
        Assert.Equal(0, exitCode);
        Assert.Contains("Client:Auth = me:********   (environment RPORT_AUTH)", output, StringComparison.Ordinal);
        Assert.Contains("Connection:KeepAlive = 40s   (--set)", output, StringComparison.Ordinal);
        Assert.Contains("Client:Tags = a, b   (--tag)", output, StringComparison.Ordinal);
        Assert.Contains($"Client:Server = gw:1   (file {file})", output, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", output + errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_of_the_configuration_end_it_with_exit_code_1()
    {
        string file = _folder.Write("agent.json", """{"Client":{"Servr":"gw:1"}}""");
        foreach (string[] arguments in (string[][])[["--config", file], ["check-config", "--config", file]])
        {
            await using AgentProcess agent = new(arguments);
            (int exitCode, _, string errors) = await agent.ExitAsync();
            Assert.Equal(1, exitCode);
            Assert.Contains("Client:Servr: no such key; the nearest is Client:Server", errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_help_names_every_key_file_and_variable()
    {
        await using AgentProcess agent = new(["--help"]);
        (int exitCode, string output, _) = await agent.ExitAsync();
        Assert.Equal(0, exitCode);
        Assert.All(RPort.Agent.Configuration.ConfigurationSchema.All, key => Assert.Contains(key.Path, output, StringComparison.Ordinal));
        Assert.Contains("/etc/rport/agent.json", output, StringComparison.Ordinal);
        Assert.Contains("RPORT_FINGERPRINT", output, StringComparison.Ordinal);
        Assert.Contains("RPORT_CLIENT__SERVER", output, StringComparison.Ordinal);
        Assert.Contains("check-config", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_option_is_an_error()
    {
        await using AgentProcess agent = new(["--sever", "x"]);
        (int exitCode, _, string errors) = await agent.ExitAsync();
        Assert.Equal(1, exitCode);
        Assert.Contains("--sever", errors, StringComparison.Ordinal);
    }

    private string[] Arguments(FakeGateway gateway) =>
    [
        "--config", _folder.Write("agent.json", $$$"""{"Client":{"Auth":"{{{FakeGateway.Auth}}}"}}"""),
        "--server", gateway.Url, "--fingerprint", _key.Fingerprint.Sha256, "--id", "p1", "--allow-root", "--data-dir", _folder["data"],
    ];
}

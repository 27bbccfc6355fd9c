using System.Diagnostics;
using RPort.Interop.OpenSsh;
using RPort.Ssh;

namespace RPort.Interop.OurServer;

/// <summary>What a session of OpenSSH's <c>ssh</c> is made of, on our server.</summary>
public sealed class SshSessionTests(ServedToSsh served) : IClassFixture<ServedToSsh>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Output_of_a_command_arrives() =>
        Assert.Equal("hello, world\n", (await served.Client.SshAsync("echo hello, world")).Expect().Text);

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(254)]
    public async Task The_exit_status_arrives(int status) => (await served.Client.SshAsync($"exit {status}")).Expect(status);

    [Fact]
    public async Task Errors_arrive_apart_from_output()
    {
        ToolResult result = (await served.Client.SshAsync("complain loudly")).Expect();
        Assert.Equal("", result.Text);
        Assert.Contains("loudly", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shell_reads_commands_to_the_end_of_input()
    {
        ToolResult result = await served.Client.SshAsync(null, ["-T"], "echo one\necho two\nexit 3\n"u8.ToArray());
        Assert.Equal("one\ntwo\n", result.Expect(3).Text);
    }

    [Fact]
    public async Task A_terminal_may_be_asked_for() =>
        Assert.Equal("hi\n", (await served.Client.SshAsync("echo hi", ["-tt"])).Expect().Text);

    [Fact]
    public async Task Our_direction_stays_open_after_the_clients_EOF() =>
        Assert.Equal("300000\n", (await served.Client.SshAsync("count", input: Noise.Bytes(300_000))).Expect().Text);

    [Fact]
    public async Task Megabytes_flow_both_ways_at_once()
    {
        byte[] payload = Noise.Bytes(30_000_000);
        Noise.AssertSame(payload, (await served.Client.SshAsync("cat", input: payload)).Expect().Output);
    }

    [Fact]
    public async Task A_wrong_password_is_refused()
    {
        using OpenSshClient stranger = served.Server.ClientWith("wrong");
        ToolResult result = (await stranger.SshAsync("echo in")).Expect(255);
        Assert.Equal("", result.Text);
        Assert.Contains("Permission denied", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_host_key_than_the_known_one_ends_the_connection()
    {
        using SshHostKey other = SshHostKey.GenerateEcdsa();
        using var client = new OpenSshClient(served.Server.Port, LoopbackSshServer.UserName, served.Server.Password, other.Fingerprint);
        ToolResult result = (await client.SshAsync("echo in", ["-o", "HostKeyAlgorithms=ecdsa-sha2-nistp256"])).Expect(255);
        Assert.Contains("HOST IDENTIFICATION HAS CHANGED", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strict_key_exchange_and_extension_negotiation_are_agreed_on()
    {
        string log = (await served.Client.SshAsync("echo hi", ["-vvv"])).Expect().Errors;
        Assert.Contains("will use strict KEX ordering", log, StringComparison.Ordinal);
        Assert.Contains("SSH2_MSG_EXT_INFO received", log, StringComparison.Ordinal);
        Assert.Contains("server-sig-algs", log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-o", "Ciphers=chacha20-poly1305@openssh.com")]
    [InlineData("-o", "Ciphers=aes256-gcm@openssh.com")]
    [InlineData("-o", "KexAlgorithms=diffie-hellman-group14-sha256")]
    [InlineData("-o", "HostKeyAlgorithms=ssh-ed25519")]
    public async Task What_we_do_not_offer_is_not_agreed_on(params string[] options)
    {
        ToolResult result = (await served.Client.SshAsync("echo in", options)).Expect(255);
        Assert.Contains("no matching", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_channels_than_sessions_are_refused_and_the_session_goes_on()
    {
        ToolResult result = await served.Client.SshAsync(null, ["-W", "127.0.0.1:9"]);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("only sessions here", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_sessions_share_one_connection()
    {
        using var folder = new TemporaryFolder();
        string control = folder["control"];
        using Process master = served.Client.StartSsh("wait", "-M", "-S", control);
        try
        {
            await Eventually.TrueAsync(() => File.Exists(control));
            int connections = served.Server.Connections.Count;
            byte[] payload = Noise.Bytes(1_000_000);
            ToolResult[] results = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => served.Client.SshAsync("cat", ["-S", control], payload)));
            Assert.All(results, result => Noise.AssertSame(payload, result.Expect().Output));
            Assert.Equal(connections, served.Server.Connections.Count);
        }
        finally
        {
            master.Kill();
            await master.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task A_client_killed_amid_a_transfer_harms_nobody_else()
    {
        await using var server = new LoopbackSshServer();
        using OpenSshClient client = server.Client();
        for (int i = 0; i < 3; i++)
        {
            using Process killed = client.StartSsh("write 200000000");
            byte[] some = new byte[100_000];
            await killed.StandardOutput.BaseStream.ReadExactlyAsync(some).AsTask().WaitAsync(Patience);
            killed.Kill();
            await killed.WaitForExitAsync();
        }

        await Eventually.TrueAsync(() => server.Ends.Count >= 3);
        Assert.Equal("still here\n", (await client.SshAsync("echo still here")).Expect().Text);
    }
}

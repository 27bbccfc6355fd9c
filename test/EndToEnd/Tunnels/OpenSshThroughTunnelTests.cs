using System.Globalization;
using System.Net;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd.Tunnels;

/// <summary>The everyday use: a machine behind NAT, reached by its own SSH server.</summary>
public sealed class OpenSshThroughTunnelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Ssh_scp_and_rsync_reach_the_machine()
    {
        await using TunnelSetting setting = await TunnelSetting.StartAsync();
        await using Sshd daemon = await Sshd.StartAsync();
        TunnelPort tunnel = await setting.OpenAsync(daemon.Port, "scheme=ssh&name=shell");
        string port = tunnel.Port.ToString(CultureInfo.InvariantCulture);
        string user = Environment.UserName;

        Assert.Equal("3", await RunAsync("ssh", [.. daemon.ClientOptions, "-p", port, $"{user}@127.0.0.1", "echo $((1+2))"]));

        string file = RandomFile.Create(setting["file.bin"], 40_000_000);
        await RunAsync("scp", [.. daemon.ClientOptions, "-P", port, file, $"{user}@127.0.0.1:{setting["there.bin"]}"]);
        Assert.Equal(RandomFile.Sha256(file), RandomFile.Sha256(setting["there.bin"]));
        await RunAsync("scp", [.. daemon.ClientOptions, "-P", port, $"{user}@127.0.0.1:{setting["there.bin"]}", setting["back.bin"]]);
        Assert.Equal(RandomFile.Sha256(file), RandomFile.Sha256(setting["back.bin"]));

        Directory.CreateDirectory(setting["tree/sub"]);
        for (int i = 0; i < 50; i++)
        {
            RandomFile.Create(setting[$"tree/sub/{i}"], 10_000 * i);
        }

        string shell = $"ssh {string.Join(' ', daemon.ClientOptions)} -p {port}";
        await RunAsync("rsync", ["-a", "-e", shell, $"{setting["tree"]}/", $"{user}@127.0.0.1:{setting["copy"]}/"]);
        await RunAsync("diff", ["-r", setting["tree"], setting["copy"]]);

        await tunnel.EmptyAsync(Patience);
        Assert.Equal(4, (await tunnel.ViewAsync()).GetProperty("connections_total").GetInt32());
        Assert.Equal(HttpStatusCode.NoContent, await tunnel.DeleteAsync(force: false));
    }

    private static async Task<string> RunAsync(string program, string[] arguments)
    {
        await using ChildProcess process = new(program, program, arguments);
        await process.ExitAsync(Patience);
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {process.Tail()}");
        return process.Output.Trim();
    }
}

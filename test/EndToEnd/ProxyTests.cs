using System.Text.Json.Nodes;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd;

/// <summary>An agent whose only way out is an HTTP proxy that wants credentials.</summary>
public sealed class ProxyTests
{
    [Fact]
    public async Task A_file_reaches_an_agent_behind_tinyproxy_with_credentials()
    {
        using TempFolder folder = new();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder, Settings.LargeFiles());
        int port = Loopback.FreePort();
        string log = folder["tinyproxy.log"];
        File.WriteAllText(folder["tinyproxy.conf"], $"""
            Port {port}
            Listen 127.0.0.1
            Timeout 600
            Allow 127.0.0.1
            BasicAuth worker proxy-password
            LogFile "{log}"
            LogLevel Connect
            """);
        await using ChildProcess proxy = new("tinyproxy", "tinyproxy", ["-d", "-c", folder["tinyproxy.conf"]]);
        await Loopback.ListensAsync(port, "tinyproxy", TimeSpan.FromSeconds(20), proxy);
        Assert.False(proxy.HasExited, proxy.Tail());

        await using AgentProcess refused = AgentProcess.Start(folder, gateway, "refused",
            new JsonObject { ["Client"] = new JsonObject { ["Proxy"] = $"http://worker:wrong-password@127.0.0.1:{port}" } });
        string line = await refused.Process.LineAsync(text => text.Contains("407", StringComparison.Ordinal) || text.Contains("proxy", StringComparison.OrdinalIgnoreCase), TimeSpan.FromSeconds(30));
        Assert.DoesNotContain("wrong-password", line, StringComparison.Ordinal);

        await using AgentProcess agent = AgentProcess.Start(folder, gateway, "inside",
            new JsonObject { ["Client"] = new JsonObject { ["Proxy"] = $"http://worker:proxy-password@127.0.0.1:{port}" } });
        await gateway.ConnectedAsync(1);
        string file = RandomFile.Create(folder["file.bin"], 20_000_000);
        Push push = await Push.StartAsync(gateway, file, Path.Combine(agent.Received, "file.bin"), ["inside"]);

        Assert.Equal("success", (await push.FinishedAsync(TimeSpan.FromSeconds(60), () => agent.Process.Tail()))["inside"].Status);
        Assert.Equal(RandomFile.Sha256(file), RandomFile.Sha256(Path.Combine(agent.Received, "file.bin")));
        Assert.Contains($"CONNECT 127.0.0.1:{gateway.AgentPort}", File.ReadAllText(log), StringComparison.Ordinal);
        Assert.DoesNotContain("proxy-password", (await gateway.GetDataAsync("clients/inside")).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("proxy-password", agent.Process.Output, StringComparison.Ordinal);
    }
}

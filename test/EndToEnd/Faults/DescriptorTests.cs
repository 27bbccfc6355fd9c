using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd.Faults;

/// <summary>A gateway that may open few files.</summary>
public sealed class DescriptorTests
{
    [Fact]
    public async Task A_limit_too_low_for_the_agents_configured_is_warned_of_and_a_crowd_that_exhausts_it_does_no_lasting_harm()
    {
        using TempFolder folder = new();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder, new JsonObject { ["Agents"] = new JsonObject { ["MaxSessions"] = 3000 } }, descriptors: 600);
        await gateway.Process.LineAsync(line => line.Contains("may open 600 files", StringComparison.Ordinal) && line.Contains("MaxSessions=3000", StringComparison.Ordinal), TimeSpan.FromSeconds(5));
        await using AgentProcess agent = AgentProcess.Start(folder, gateway, "machine");
        await gateway.ConnectedAsync(1);

        List<Socket> crowd = [];
        try
        {
            for (int i = 0; i < 700; i++)
            {
                Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                crowd.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, i % 2 == 0 ? gateway.AgentPort : gateway.ApiPort).WaitAsync(TimeSpan.FromSeconds(10));
            }
        }
        finally
        {
            crowd.ForEach(socket => socket.Dispose());
        }

        Push push = await Push.StartAsync(gateway, RandomFile.Create(folder["file.bin"], 100_000), Path.Combine(agent.Received, "file.bin"), ["machine"]);
        Assert.Equal("success", (await push.FinishedAsync(TimeSpan.FromSeconds(20), () => agent.Process.Tail()))["machine"].Status);
    }
}

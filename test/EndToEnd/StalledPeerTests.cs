using System.Net;
using System.Net.Sockets;
using System.Text;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd;

/// <summary>Peers that begin and never go on must not lock others out.</summary>
public sealed class StalledPeerTests
{
    [Fact]
    public async Task A_good_agent_connects_within_five_seconds_beside_200_stalled_sockets_and_200_stalled_handshakes()
    {
        using TempFolder folder = new();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder);
        List<IDisposable> stalled = [];
        try
        {
            for (int i = 0; i < 200; i++)
            {
                TcpClient silent = new();
                await silent.ConnectAsync(IPAddress.Loopback, gateway.AgentPort);
                await silent.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: x\r\n"));
                stalled.Add(silent);
            }

            for (int i = 0; i < 200; i++)
            {
                Stream handshake = await ScriptedAgent.DialAsync(gateway);
                await handshake.WriteAsync("SSH-2.0-stalled\r\n"u8.ToArray());
                stalled.Add(handshake);
            }

            await using ScriptedAgent good = await ScriptedAgent.LoginAsync(gateway).WaitAsync(TimeSpan.FromSeconds(5));
            Assert.True((await good.RegisterAsync("good").WaitAsync(TimeSpan.FromSeconds(5))).Success);
            await gateway.ConnectedAsync(1, TimeSpan.FromSeconds(5));
        }
        finally
        {
            stalled.ForEach(peer => peer.Dispose());
        }
    }
}

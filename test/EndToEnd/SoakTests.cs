using System.Text.Json;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd;

/// <summary>The soak of test/Load in short, so that it stays one that can be run for hours.</summary>
public sealed class SoakTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Half_a_minute_with_twenty_agents_cut_links_and_a_killed_server_leaves_nothing_wrong()
    {
        string json = _folder["soak.json"];
        await using ChildProcess soak = new("soak", "dotnet",
        [
            Built.Load, "soak", "--gateway", Built.Gateway, "--minutes", "0.4", "--agents", "20", "--warm", "20", "--kills", "1", "--tcp-tunnels", "10", "--udp-tunnels", "3",
            "--pushes", "240", "--cuts", "120", "--json", json, "--folder", _folder["soak"],
        ]);
        await EndAsync(soak);
        Assert.True(soak.ExitCode == 0, soak.Tail(200));

        JsonElement all = JsonDocument.Parse(await File.ReadAllTextAsync(json)).RootElement;
        Assert.Equal(0, all.GetProperty("violations").GetArrayLength());
        JsonElement figures = all.GetProperty("figures");
        double Figure(string name) => figures.GetProperty(name).GetDouble();
        Assert.Equal(1, Figure("server killed"));
        Assert.Equal(13, Figure("tunnels"));
        Assert.All(["agents cut", "files verified at agents", "datagrams echoed"], name => Assert.InRange(Figure(name), 5, double.MaxValue));
        Assert.InRange(Figure("pushes"), 20, double.MaxValue);
        Assert.InRange(Figure("echoes"), 200, double.MaxValue);
        Assert.InRange(Figure("tunnel connections cut or refused"), 5, double.MaxValue);
    }

    private static async Task EndAsync(ChildProcess soak)
    {
        try
        {
            await soak.ExitAsync(TimeSpan.FromMinutes(4));
        }
        catch (TimeoutException)
        {
            await soak.SignalAsync("TERM"); // it takes its gateway along; killed it would leave it behind
            await soak.ExitAsync(TimeSpan.FromSeconds(30));
        }
    }
}

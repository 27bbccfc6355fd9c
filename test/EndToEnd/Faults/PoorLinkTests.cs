using RPort.EndToEnd.Kit;
using RPort.Testing;

namespace RPort.EndToEnd.Faults;

/// <summary>A link that is bad and not broken: everything works over it, only slower.</summary>
public sealed class PoorLinkTests
{
    private const long Size = 2 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(25);

    public static TheoryData<string> Links => ["single bytes", "150 ms each way", "2 MB/s"];

    [Theory]
    [MemberData(nameof(Links))]
    public async Task Connecting_pushes_and_tunnels_work_over(string name)
    {
        LinkFault fault = name switch
        {
            "single bytes" => new LinkFault { SingleBytes = true },
            "150 ms each way" => new LinkFault { Delay = TimeSpan.FromMilliseconds(150) },
            _ => new LinkFault { BytesPerSecond = 2_000_000 },
        };
        await using FaultyLink link = await FaultyLink.StartAsync(fault);
        using TcpTarget target = new();
        target.Serve(TcpTarget.EchoAsync);

        await link.PushesAsync("file.bin", Size, Limit);
        TunnelPort tunnel = await link.OpenAsync(target.Port);
        await FaultyLink.EchoesAsync(tunnel, 5, Limit);
        await FaultyLink.EchoesAsync(tunnel, Size, Limit);
        await tunnel.EmptyAsync(TimeSpan.FromSeconds(5));
    }
}

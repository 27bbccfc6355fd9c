using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>A tunnel and how it fares at this moment in the gateway that has it open. Counters start anew with every session.</summary>
[GenerateSerializer, Immutable, Alias("rport.LiveTunnel")]
public sealed record LiveTunnel
{
    /// <summary>The tunnel.</summary>
    [Id(0)] public required TunnelRecord Tunnel { get; init; }
    /// <summary>True while its port is open on a gateway.</summary>
    [Id(1)] public bool Open { get; init; }
    /// <summary>Why it is not open, or the last failure of a connection; empty for none.</summary>
    [Id(2)] public string Error { get; init; } = "";
    /// <summary>Name or address under which users reach the gateway, where it is configured; else empty.</summary>
    [Id(3)] public string PublicHost { get; init; } = "";
    /// <summary>Connections open now; for UDP, peers that sent something lately.</summary>
    [Id(4)] public int Connections { get; init; }
    /// <summary>Connections accepted so far.</summary>
    [Id(5)] public long TotalConnections { get; init; }
    /// <summary>Connections (datagrams, for UDP) turned away: not in the ACL, or over the bound.</summary>
    [Id(6)] public long Refused { get; init; }
    /// <summary>Bytes from users to the target.</summary>
    [Id(7)] public long BytesIn { get; init; }
    /// <summary>Bytes from the target to users.</summary>
    [Id(8)] public long BytesOut { get; init; }
    /// <summary>Datagrams dropped because the link was slower than they came.</summary>
    [Id(9)] public long DroppedDatagrams { get; init; }
}

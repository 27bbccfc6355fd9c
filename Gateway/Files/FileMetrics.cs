using System.Diagnostics.Metrics;
using RPort.Gateway.Agents;

namespace RPort.Gateway.Files;

/// <summary>The numbers of the API's file side, on the gateway's meter.</summary>
internal sealed class FileMetrics
{
    private readonly Counter<long> _uploads;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _targets;
    private readonly Counter<long> _dropped;

    public FileMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(AgentMetrics.MeterName);
        _uploads = meter.CreateCounter<long>("rport.gateway.uploads", "{upload}", "Pushes ordered at this gateway");
        _bytes = meter.CreateCounter<long>("rport.gateway.upload.bytes", "By", "Bytes of files received from operators");
        _targets = meter.CreateCounter<long>("rport.gateway.upload.targets", "{client}", "Clients of the pushes ordered at this gateway");
        _dropped = meter.CreateCounter<long>("rport.gateway.feed.dropped", "{listener}", "Listeners of the upload feed dropped for being too slow");
    }

    public void Accepted(long bytes, int targets)
    {
        _uploads.Add(1);
        _bytes.Add(bytes);
        _targets.Add(targets);
    }

    public void ListenerDropped() => _dropped.Add(1);
}

using System.Diagnostics.Metrics;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Agents;

/// <summary>The numbers of the agent side, on the meter <c>RPort.Gateway</c>.</summary>
internal sealed class AgentMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "RPort.Gateway";

    private readonly UpDownCounter<int> _sessions;
    private readonly Counter<long> _handshakes;
    private readonly Histogram<double> _handshakeSeconds;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _pushes;
    private readonly Counter<long> _payloadBytes;
    private readonly Counter<long> _dropped;

    public AgentMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(MeterName);
        _sessions = meter.CreateUpDownCounter<int>("rport.gateway.sessions", "{session}", "Agents registered at this gateway");
        _handshakes = meter.CreateCounter<long>("rport.gateway.handshakes", "{handshake}", "Agent connections by outcome: ok, failed, rejected");
        _handshakeSeconds = meter.CreateHistogram(
            "rport.gateway.handshake.duration",
            "s",
            "From the upgrade to the end of the login",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20] });
        _requests = meter.CreateCounter<long>("rport.gateway.agent.requests", "{request}", "Requests of agents by name");
        _pushes = meter.CreateCounter<long>("rport.gateway.pushes", "{push}", "Reported pushes by status");
        _payloadBytes = meter.CreateCounter<long>("rport.gateway.payload.bytes", "By", "Payload bytes served to agents");
        _dropped = meter.CreateCounter<long>("rport.gateway.pushes.dropped", "{push}", "Push notifications dropped by a full session; handed out again by the next heartbeat");
    }

    public void SessionOpened() => _sessions.Add(1);

    public void SessionClosed() => _sessions.Add(-1);

    public void HandshakeDone(bool ok, TimeSpan took)
    {
        KeyValuePair<string, object?> outcome = new("outcome", ok ? "ok" : "failed");
        _handshakes.Add(1, outcome);
        _handshakeSeconds.Record(took.TotalSeconds, outcome);
    }

    public void HandshakeRejected(string reason) => _handshakes.Add(1, new KeyValuePair<string, object?>("outcome", "rejected"), new("reason", reason));

    /// <summary>Only names we know come here: a label an agent could choose would be a memory leak.</summary>
    public void Request(string name) => _requests.Add(1, new KeyValuePair<string, object?>("name", name));

    public void PushReported(PushStatus status) => _pushes.Add(1, new KeyValuePair<string, object?>("status", status.ToString().ToLowerInvariant()));

    public void PayloadServed(int bytes) => _payloadBytes.Add(bytes);

    public void PushDropped() => _dropped.Add(1);
}

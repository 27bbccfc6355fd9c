using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>The sessions of this gateway process, and the bound on their number.</summary>
internal sealed class SessionTable : IDisposable
{
    private readonly ConcurrentDictionary<SessionId, AgentSession> _sessions = [];
    private readonly int _maxSessions;
    private readonly CancellationTokenRegistration _stopping;
    private int _places;

    public SessionTable(IOptions<AgentDoorOptions> options, IHostApplicationLifetime lifetime, ILogger<SessionTable> logger)
    {
        _maxSessions = options.Value.MaxSessions;
        Stopping = lifetime.ApplicationStopping;
        _stopping = Stopping.Register(() => AgentDoorLog.ClosingSessions(logger, Count));
    }

    /// <summary>This gateway process.</summary>
    public GatewayId Gateway { get; } = GatewayId.New();

    /// <summary>Agents that have registered.</summary>
    public int Count => _sessions.Count;

    /// <summary>Fires when the gateway is shutting down: every session then closes itself.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Takes a place for a connection that is to become a session. False: the gateway is full. Every place taken is given back by <see cref="Leave"/>.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _places) <= _maxSessions)
        {
            return true;
        }

        Interlocked.Decrement(ref _places);
        return false;
    }

    /// <summary>Gives a place back.</summary>
    public void Leave() => Interlocked.Decrement(ref _places);

    /// <summary>An agent has registered.</summary>
    public void Add(AgentSession session) => _sessions[session.Id] = session;

    /// <summary>A session has ended.</summary>
    public bool Remove(AgentSession session) => _sessions.TryRemove(KeyValuePair.Create(session.Id, session));

    /// <summary>The session of this id, if it is alive in this process.</summary>
    public AgentSession? Find(SessionId id) => _sessions.GetValueOrDefault(id);

    public void Dispose() => _stopping.Dispose();
}

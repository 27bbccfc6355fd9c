using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>The sessions of this gateway process, and the bound on their number.</summary>
internal sealed class SessionTable : IDisposable
{
    private readonly ConcurrentDictionary<SessionId, AgentSession> _sessions = [];
    private readonly int _maxSessions;
    private readonly CancellationTokenSource _stopping = new();
    private volatile bool _takesNoMore;
    private int _places;

    public SessionTable(IOptions<AgentDoorOptions> options)
    {
        _maxSessions = options.Value.MaxSessions;
    }

    /// <summary>This gateway process.</summary>
    public GatewayId Gateway { get; } = GatewayId.New();

    /// <summary>Agents that have registered.</summary>
    public int Count => _sessions.Count;

    /// <summary>Fires when the gateway is shutting down and has drained: every session then closes itself.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>The sessions there are now.</summary>
    public IReadOnlyCollection<AgentSession> All => [.. _sessions.Values];

    /// <summary>From now on agents are told to go elsewhere.</summary>
    public void TakeNoMore() => _takesNoMore = true;

    /// <summary>Closes every session.</summary>
    public void Stop()
    {
        _takesNoMore = true;
        _stopping.Cancel();
    }

    /// <summary>Takes a place for a connection that is to become a session. False: the gateway is full or stops. Every place taken is given back by <see cref="Leave"/>.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _places) <= _maxSessions && !_takesNoMore)
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

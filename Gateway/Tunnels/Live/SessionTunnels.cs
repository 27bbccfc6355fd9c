using System.Collections.Immutable;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Live;

/// <summary>
/// The tunnels of one session. Their ports are open here while the session lives; what they are is remembered by the client grain, which gives them
/// to the next session. Whoever removes a tunnel takes it out of the table first, then closes it, then has it forgotten.
/// </summary>
internal sealed class SessionTunnels : IAsyncDisposable
{
    private readonly TunnelEnvironment _environment;
    private readonly TunnelTable _table;
    private readonly TunnelUpkeep _upkeep;
    private readonly TaskCompletionSource<bool> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SessionScope? _scope;
    private int _closed;

    public SessionTunnels(TunnelEnvironment environment)
    {
        _environment = environment;
        _table = new TunnelTable(environment.Options.MaxPerClient);
        _upkeep = new TunnelUpkeep(environment, this);
    }

    /// <summary>The tunnels there are.</summary>
    public IReadOnlyList<TunnelEntry> All => _table.All;

    /// <summary>Completes when the tunnels the client has are here, with true, or the session has ended without, with false.</summary>
    public Task<bool> Started => _started.Task;

    /// <summary>
    /// The agent has registered: opens the tunnels the client has, and those its configuration asks for. A port that is taken is tried again until it
    /// is free.
    /// </summary>
    public async Task StartAsync(
        SessionScope scope, ImmutableArray<TunnelRecord> tunnels, IReadOnlyList<TunnelSpec> remotes, CancellationToken cancellationToken)
    {
        _scope = scope;
        _upkeep.Attach(scope);
        List<TunnelSpec> wanted = [.. remotes];
        foreach (TunnelRecord tunnel in tunnels)
        {
            if (tunnel.Spec.Owner.Length > 0)
            {
                Reopen(tunnel);
            }
            else if (wanted.FindIndex(remote => IsSameRemote(tunnel.Spec, remote)) is >= 0 and int known)
            {
                wanted.RemoveAt(known);
                Reopen(tunnel);
            }
            else
            {
                _table.Remove(tunnel.Id);
                _upkeep.Forget(tunnel.Id, "the client's configuration asks for it no more");
            }
        }

        _started.TrySetResult(true);
        foreach (TunnelSpec remote in wanted)
        {
            await OpenRemoteAsync(remote, cancellationToken);
        }

        _upkeep.StartIfNeeded();
    }

    /// <summary>News from the client grain: opens the tunnels it has that are neither here nor gone.</summary>
    public void Offer(ImmutableArray<TunnelRecord> tunnels)
    {
        if (_scope is not null && !tunnels.IsDefault)
        {
            foreach (TunnelRecord tunnel in tunnels)
            {
                Reopen(tunnel);
            }

            _upkeep.StartIfNeeded();
        }
    }

    /// <summary>Answers what is asked of tunnels, once they have <see cref="Started"/>.</summary>
    public async Task<SessionAnswer> AnswerAsync(SessionQuestion question, CancellationToken cancellationToken) => question switch
    {
        OpenTunnel open => await OpenAsync(open.Spec, checkTarget: true, open.CheckPort, cancellationToken),
        CloseTunnel close => await CloseAsync(close.Tunnel, close.Force, cancellationToken),
        ChangeTunnelAcl change => await ChangeAclAsync(change.Tunnel, change.Acl, cancellationToken),
        ListTunnels => new TunnelList([.. _table.All.Select(entry => entry.View())]),
        _ => new Refused(RefusalReason.GatewayFailed, $"{question.GetType().Name} is not known here"),
    };

    /// <summary>Tries once more to open a tunnel whose port was taken.</summary>
    public void TryOpen(TunnelEntry entry)
    {
        SessionScope scope = _scope!;
        if (Tunnel.TryOpen(entry.Record.Spec, scope.Client, _environment, out Refused refusal) is not { } tunnel)
        {
            string obstacle = entry.Describe(refusal);
            if (entry.Obstacle != obstacle)
            {
                entry.Obstacle = obstacle;
                TunnelLog.NotReopened(_environment.Logger, scope.Client, entry.Record.Id, obstacle);
            }

            return;
        }

        Begin(entry, tunnel);
    }

    /// <summary>Closes a tunnel for good, for a reason of its own. False: it is in use after all, or gone.</summary>
    public async Task<bool> ExpireAsync(TunnelEntry entry, bool evenInUse, string reason)
    {
        if ((!evenInUse && entry.Open is { } open && open.Gate.CloseIfEmpty() > 0) || !_table.Remove(entry.Record.Id))
        {
            return false;
        }

        await ShutAsync(entry);
        _upkeep.Forget(entry.Record.Id, reason);
        return true;
    }

    /// <summary>Closes all ports. The client grain goes on remembering the tunnels.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        _started.TrySetResult(false);
        await _upkeep.DisposeAsync();
        foreach (TunnelEntry entry in _table.Close())
        {
            if (entry.Open is { } open)
            {
                _environment.Reservations.Keep(open.Port, _scope!.Client);
            }

            await ShutAsync(entry);
        }
    }

    // A tunnel that cannot be had is no reason to turn the agent away.
    private async Task OpenRemoteAsync(TunnelSpec remote, CancellationToken cancellationToken)
    {
        string obstacle;
        try
        {
            if (await OpenAsync(remote, checkTarget: false, checkPort: false, cancellationToken) is not Refused refused)
            {
                return;
            }

            obstacle = $"{refused.Reason} {refused.Detail}";
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            obstacle = e.Message; // whatever a grain call may throw
        }

        TunnelLog.RemoteRefused(_environment.Logger, _scope!.Client, $"{TunnelTarget.AddressOf(remote)} on port {remote.LocalPort}: {obstacle}");
    }

    private async Task<SessionAnswer> OpenAsync(TunnelSpec spec, bool checkTarget, bool checkPort, CancellationToken cancellationToken)
    {
        SessionScope scope = _scope!;
        TunnelTarget target = scope.TargetOf(spec);
        if (checkTarget && await target.CheckAllowedAsync(cancellationToken) is { } forbidden)
        {
            return forbidden;
        }

        if (_table.TryBegin(spec) is { } conflict)
        {
            return conflict;
        }

        try
        {
            if (checkPort && spec.Protocol.HasFlag(TunnelProtocol.Tcp)
                && await target.CheckOpenAsync(_environment.Options.CheckPortTimeout, cancellationToken) is { } silent)
            {
                return silent;
            }

            if (Tunnel.TryOpen(spec, scope.Client, _environment, out Refused refusal) is not { } tunnel)
            {
                return refusal;
            }

            return await RecordAsync(spec with { LocalPort = tunnel.Port }, tunnel, cancellationToken);
        }
        finally
        {
            _table.Made(spec);
        }
    }

    private async Task<SessionAnswer> RecordAsync(TunnelSpec spec, Tunnel tunnel, CancellationToken cancellationToken)
    {
        TunnelRecord? record = null;
        try
        {
            record = await _scope!.Ledger.AddAsync(spec, cancellationToken);
        }
        finally
        {
            if (record is null)
            {
                await tunnel.CloseAsync(); // should it have been kept all the same, the next heartbeat says so and it is opened then
            }
        }

        if (record is null)
        {
            return new Refused(RefusalReason.NotConnected);
        }

        if (_table.AddOrFind(record) is not { } entry)
        {
            await tunnel.CloseAsync();
            return new Refused(RefusalReason.NotConnected);
        }

        Begin(entry, tunnel);
        _upkeep.StartIfNeeded();
        return new TunnelOpened(entry.View());
    }

    private async Task<SessionAnswer> CloseAsync(TunnelId id, bool force, CancellationToken cancellationToken)
    {
        if (_table.Find(id) is not { } entry)
        {
            return new Refused(RefusalReason.TunnelNotFound);
        }

        if (!force && entry.Open is { } open && open.Gate.CloseIfEmpty() is > 0 and int inside)
        {
            return new Refused(RefusalReason.TunnelInUse, $"{inside}");
        }

        if (!_table.Remove(id))
        {
            return new Refused(RefusalReason.TunnelNotFound);
        }

        await ShutAsync(entry);
        return await _upkeep.ForgetAsync(id, "asked for", cancellationToken) ? new Done() : new Refused(RefusalReason.NotConnected);
    }

    private async Task<SessionAnswer> ChangeAclAsync(TunnelId id, string text, CancellationToken cancellationToken)
    {
        if (_table.Find(id) is not { } entry)
        {
            return new Refused(RefusalReason.TunnelNotFound);
        }

        if (!TunnelAcl.TryParse(text, out TunnelAcl acl, out string broken))
        {
            return new Refused(RefusalReason.GatewayFailed, broken);
        }

        TunnelRecord changed = entry.Record with { Spec = entry.Record.Spec with { Acl = acl.ToString() } };
        if (!await _scope!.Ledger.ChangeAsync(changed, cancellationToken))
        {
            return new Refused(RefusalReason.NotConnected);
        }

        entry.Record = changed;
        entry.Open?.Gate.Change(acl);
        return new Done();
    }

    private void Reopen(TunnelRecord tunnel)
    {
        TunnelEntry entry = new(tunnel);
        if (_table.TryAdd(entry))
        {
            TryOpen(entry);
        }
    }

    private void Begin(TunnelEntry entry, Tunnel tunnel)
    {
        SessionScope scope = _scope!;
        if (!_table.TryOpen(entry, tunnel))
        {
            _ = tunnel.CloseAsync(); // removed meanwhile; nobody was let in
            return;
        }

        tunnel.Start(scope.TargetOf(entry.Record.Spec));
        TunnelLog.Opened(_environment.Logger, scope.Client, entry.Record.Id, tunnel.Port, TunnelTarget.AddressOf(entry.Record.Spec));
    }

    private static Task ShutAsync(TunnelEntry entry) => entry.Open?.CloseAsync() ?? Task.CompletedTask;

    private static bool IsSameRemote(TunnelSpec kept, TunnelSpec remote) =>
        kept.Protocol == remote.Protocol
        && kept.RemoteHost == remote.RemoteHost
        && kept.RemotePort == remote.RemotePort
        && kept.LocalHost == remote.LocalHost
        && (remote.LocalPort == 0 ? kept.LocalPortRandom : kept.LocalPort == remote.LocalPort);
}

using System.Collections.Immutable;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Clients;

/// <summary>What a client grain does for tunnels: carries questions to the session that has them open, and remembers them.</summary>
internal sealed partial class ClientGrain
{
    public Task<SessionAnswer> AskAsync(SessionQuestion question)
    {
        if (!State.Exists)
        {
            return Task.FromResult<SessionAnswer>(new Refused(RefusalReason.UnknownClient));
        }

        return State.Session is not null && _live.Observer is { } session && _live.IsAlive
            ? _questions.AskAsync(question, session)
            : Task.FromResult<SessionAnswer>(new Refused(RefusalReason.NotConnected));
    }

    public Task AnswerAsync(SessionFence fence, QuestionId question, SessionAnswer answer)
    {
        if (State.IsNewest(fence))
        {
            _questions.Answer(question, answer);
        }

        return Task.CompletedTask;
    }

    public async Task<TunnelRecord?> AddTunnelAsync(SessionFence fence, TunnelSpec spec)
    {
        if (!State.IsNewest(fence) || State.Tunnels.Add(spec, _clock.GetUtcNow()) is not { } change)
        {
            return null;
        }

        await KeepAsync(change.Next);
        return change.Added;
    }

    public async Task<bool> ChangeTunnelAsync(SessionFence fence, TunnelRecord tunnel)
    {
        if (!State.IsNewest(fence) || State.Tunnels.Change(tunnel) is not { } next)
        {
            return false;
        }

        await KeepAsync(next);
        return true;
    }

    public async Task<bool> RemoveTunnelAsync(SessionFence fence, TunnelId tunnel)
    {
        if (!State.IsNewest(fence))
        {
            return false;
        }

        await KeepAsync(State.Tunnels.Remove(tunnel));
        return true;
    }

    public async Task<bool> RemoveTunnelOfAbsentAsync(TunnelId tunnel)
    {
        if (_live.IsAlive || State.Tunnels.Find(tunnel) is null)
        {
            return false;
        }

        await KeepAsync(State.Tunnels.Remove(tunnel));
        return true;
    }

    public async Task<bool> ChangeAclOfAbsentAsync(TunnelId tunnel, string acl)
    {
        if (_live.IsAlive || State.Tunnels.Find(tunnel) is not { } present)
        {
            return false;
        }

        await KeepAsync(State.Tunnels.Change(present with { Spec = present.Spec with { Acl = acl } })!);
        return true;
    }

    public Task<ImmutableArray<StoredTunnel>> GetStoredTunnelsAsync() => Task.FromResult(State.Tunnels.Stored);

    public async Task<StoredTunnelOutcome> PutStoredTunnelAsync(StoredTunnel tunnel, bool replace)
    {
        if (!State.Exists)
        {
            return StoredTunnelOutcome.UnknownClient;
        }

        (TunnelBook next, StoredTunnelOutcome outcome) = State.Tunnels.Store(tunnel, replace);
        await KeepAsync(next);
        return outcome;
    }

    public async Task<StoredTunnelOutcome> DeleteStoredTunnelAsync(Guid id)
    {
        if (!State.Exists)
        {
            return StoredTunnelOutcome.UnknownClient;
        }

        (TunnelBook next, StoredTunnelOutcome outcome) = State.Tunnels.Unstore(id);
        await KeepAsync(next);
        return outcome;
    }

    private async Task KeepAsync(TunnelBook next)
    {
        if (!ReferenceEquals(next, State.Tunnels))
        {
            bool tellDirectory = next.Open != State.Tunnels.Open;
            await CommitAsync(State with { Tunnels = next });
            if (tellDirectory)
            {
                await TellDirectoryAsync();
            }
        }
    }
}

using System.Collections.Immutable;
using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Clients;

/// <summary>A client's tunnels and templates of tunnels. Every change is a new book.</summary>
[GenerateSerializer]
internal sealed record TunnelBook
{
    /// <summary>Tunnels, in order of id. "Open" as their owner wants them: a session tries to have each of them open.</summary>
    [Id(0)] public ImmutableArray<TunnelRecord> Open { get; init; } = [];

    /// <summary>The highest id that was ever given out.</summary>
    [Id(1)] public long LastId { get; init; }

    /// <summary>Templates, oldest first.</summary>
    [Id(2)] public ImmutableArray<StoredTunnel> Stored { get; init; } = [];

    public TunnelRecord? Find(TunnelId tunnel) => Open.FirstOrDefault(t => t.Id == tunnel);

    /// <summary>The book with one more tunnel; null when it is full.</summary>
    public (TunnelBook Next, TunnelRecord Added)? Add(TunnelSpec spec, DateTimeOffset now)
    {
        if (Open.Length >= ClientLimits.MaxTunnels)
        {
            return null;
        }

        TunnelRecord added = new(new TunnelId(LastId + 1), now, spec);
        return (this with { Open = Open.Add(added), LastId = added.Id.Value }, added);
    }

    /// <summary>The book with a tunnel in the place of the one with its id; null when there is none.</summary>
    public TunnelBook? Change(TunnelRecord tunnel) => Find(tunnel.Id) is { } present ? this with { Open = Open.Replace(present, tunnel) } : null;

    /// <summary>The book without a tunnel, or <c>this</c>.</summary>
    public TunnelBook Remove(TunnelId tunnel) => Find(tunnel) is { } present ? this with { Open = Open.Remove(present) } : this;

    /// <summary>The book with a template.</summary>
    public (TunnelBook Next, StoredTunnelOutcome Outcome) Store(StoredTunnel template, bool replace)
    {
        StoredTunnel? present = Stored.FirstOrDefault(t => t.Id == template.Id);
        if (present is not null)
        {
            // A repeated call that is no replacement has landed before.
            return replace
                ? (this with { Stored = Stored.Replace(present, template with { CreatedAt = present.CreatedAt }) }, StoredTunnelOutcome.Done)
                : (this, StoredTunnelOutcome.Done);
        }

        if (replace)
        {
            return (this, StoredTunnelOutcome.NotFound);
        }

        return Stored.Length >= ClientLimits.MaxStoredTunnels
            ? (this, StoredTunnelOutcome.Full)
            : (this with { Stored = Stored.Add(template) }, StoredTunnelOutcome.Done);
    }

    /// <summary>The book without a template.</summary>
    public (TunnelBook Next, StoredTunnelOutcome Outcome) Unstore(Guid template) => Stored.FirstOrDefault(t => t.Id == template) is { } present
        ? (this with { Stored = Stored.Remove(present) }, StoredTunnelOutcome.Done)
        : (this, StoredTunnelOutcome.NotFound);
}

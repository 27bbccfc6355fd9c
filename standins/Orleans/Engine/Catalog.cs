using System.Collections.Concurrent;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>Which activation each grain has. At most one per grain.</summary>
internal sealed class Catalog(Silo silo)
{
    private readonly ConcurrentDictionary<GrainId, Activation> _activations = new();

    public IEnumerable<Activation> All => _activations.Select(entry => entry.Value);

    public bool IsEmpty => _activations.IsEmpty;

    public Activation Find(GrainId grainId) =>
        _activations.TryGetValue(grainId, out Activation? activation)
            ? activation
            : _activations.GetOrAdd(grainId, static (id, silo) => New(silo, id), silo);

    /// <summary>
    /// Takes an activation out. Its waiting calls go, in order, to a new one that is in its place at once, so that no later call overtakes
    /// them. Gives back what may not move on. The caller holds the old activation's lock.
    /// </summary>
    public GrainCall? Replace(Activation old, GrainCall? waiting, bool mayMoveOn)
    {
        KeyValuePair<GrainId, Activation> entry = new(old.GrainId, old);
        waiting = WithoutLocal(waiting);
        if (waiting is null || !mayMoveOn || silo.IsStopping)
        {
            _activations.TryRemove(entry);
            return waiting;
        }

        // Nothing of the next one may run before it stands here: it could be told to go, and then hand over what is not yet its own.
        Activation next = New(silo, old.GrainId);
        next.Adopt(waiting);
        if (!_activations.TryUpdate(old.GrainId, next, old))
        {
            throw new InvalidOperationException($"Grain {old.GrainId} had an activation that was not its own.");
        }

        next.BeginAdopted();
        return null;
    }

    private static Activation New(Silo silo, GrainId grainId) => new(silo, GrainClasses.Named(grainId.Type), grainId);

    private static GrainCall? WithoutLocal(GrainCall? first)
    {
        GrainCall? head = null;
        GrainCall? last = null;
        for (GrainCall? call = first, following; call is not null; call = following)
        {
            following = call.Next;
            call.Next = call.Previous = null;
            if (call.IsLocal || call.IsAnswered)
            {
                continue;
            }

            head ??= call;
            if (last is not null)
            {
                last.Next = call;
            }

            last = call;
        }

        return head;
    }
}

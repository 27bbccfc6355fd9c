using Orleans.Engine;

namespace Orleans.Runtime;

/// <summary>Base of the references that callers hold. Two references are equal when they name the same grain.</summary>
public class GrainReference : IAddressable, IEquatable<GrainReference>
{
    private readonly Silo _silo;
    private readonly GrainInterface _interface;
    private ICallTarget? _target;

    // Called by emitted types, which may see internals.
    internal GrainReference(Silo silo, GrainId grainId, GrainInterface grainInterface, ICallTarget? target)
    {
        _silo = silo;
        _interface = grainInterface;
        _target = target;
        GrainId = grainId;
    }

    public GrainId GrainId { get; }

    internal ObserverTarget? Observer => _target as ObserverTarget;

    public bool Equals(GrainReference? other) => other is not null && GrainId.Equals(other.GrainId);

    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    public override int GetHashCode() => GrainId.GetHashCode();

    public sealed override string ToString() => $"GrainReference:{GrainId}";

    internal Task<T> Send<T>(GrainCall<T> call, int method)
    {
        call.Method = _interface.Methods[method];
        call.TargetId = GrainId;
        if (Activation.Current is { } source)
        {
            call.SourceId = source.GrainId;
        }

        CancellationToken token = call.Token;
        if (token.CanBeCanceled)
        {
            if (token.IsCancellationRequested)
            {
                return Task.FromCanceled<T>(token);
            }

            call.LinkCancellation(token);
        }

        Deliver(call);
        return call.Method.IsOneWay ? Task.FromResult<T>(default!) : call.Promise;
    }

    private void Deliver(GrainCall call)
    {
        if (!_silo.TryAccept(call))
        {
            return;
        }

        _silo.Deadlines.Stamp(call);
        while (true)
        {
            ICallTarget target = _target ?? _silo.Catalog.Find(GrainId);
            if (target.TryReceive(call))
            {
                _target = target;
                return;
            }

            _target = null;
        }
    }
}

using System.Globalization;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>Makes references, for grains and for the rest of the process alike.</summary>
internal sealed class GrainFactory(Silo silo) : IClusterClient
{
    private static readonly GrainType ObserverType = GrainType.Create("sys.client");

    private long _lastObserver;

    public IServiceProvider ServiceProvider => silo.Services;

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(primaryKey);
        GrainType type = grainClassNamePrefix is null
            ? Route<TGrainInterface>.GrainType
            : GrainClasses.For(typeof(TGrainInterface), grainClassNamePrefix).GrainType;
        return (TGrainInterface)(object)Route<TGrainInterface>.Interface.Refer(silo, new GrainId(type, IdSpan.Create(primaryKey)));
    }

    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver
    {
        ArgumentNullException.ThrowIfNull(obj);
        ThrowInGrain("create");
        if (!typeof(TGrainObserverInterface).IsInterface)
        {
            throw new ArgumentException($"The provided type parameter must be an interface. '{typeof(TGrainObserverInterface).FullName}' is not.");
        }

        if (obj is not TGrainObserverInterface || obj is GrainReference || obj is IGrainBase)
        {
            throw new ArgumentException(
                $"The provided object must implement '{typeof(TGrainObserverInterface).FullName}' and be neither a grain nor a reference.", nameof(obj));
        }

        string key = Interlocked.Increment(ref _lastObserver).ToString(CultureInfo.InvariantCulture);
        var target = new ObserverTarget(silo, GrainId.Create(ObserverType, key), obj);
        return (TGrainObserverInterface)(object)GrainInterface.Of(typeof(TGrainObserverInterface)).Refer(silo, target.GrainId, target);
    }

    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver
    {
        ThrowInGrain("delete");
        if (obj is not GrainReference reference)
        {
            throw new ArgumentException("Argument reference is not a grain reference.");
        }

        if (reference.Observer?.Delete() != true)
        {
            throw new ArgumentException("Reference is not associated with a local object.", nameof(obj));
        }
    }

    private static void ThrowInGrain(string what)
    {
        if (Activation.Current is not null)
        {
            throw new InvalidOperationException($"Cannot {what} a local object reference from a grain.");
        }
    }

    /// <summary>What is the same for all references to an interface, looked up once per interface.</summary>
    private static class Route<T>
    {
        private static GrainInterface? _interface;
        private static GrainType _grainType;

        // No static constructor: its failure would hide the message behind a TypeInitializationException.
        public static GrainInterface Interface => _interface ??= GrainInterface.Of(typeof(T));

        public static GrainType GrainType => _grainType.IsDefault ? _grainType = GrainClasses.For(typeof(T), null).GrainType : _grainType;
    }
}

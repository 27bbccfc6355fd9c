using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>A grain or observer interface: its methods, checked, and how references to it are made.</summary>
internal sealed class GrainInterface
{
    private static readonly ConcurrentDictionary<Type, GrainInterface> Known = new();
    private static readonly Lock Building = new();

    private readonly Func<Silo, GrainId, GrainInterface, ICallTarget?, GrainReference> _create;

    private GrainInterface(Type type)
    {
        MessageContract.Verify(type);
        MethodInfo[] methods = [.. MessageContract.MethodsOf(type)];
        Methods = [.. methods.Select(method => new GrainMethod(method))];
        _create = ReferenceEmitter.Emit(type, methods);
    }

    public GrainMethod[] Methods { get; }

    public static GrainInterface Of(Type type) => Known.TryGetValue(type, out GrainInterface? known) ? known : Build(type);

    public GrainReference Refer(Silo silo, GrainId grainId, ICallTarget? target = null) => _create(silo, grainId, this, target);

    private static GrainInterface Build(Type type)
    {
        lock (Building)
        {
            return Known.GetOrAdd(type, static key => new GrainInterface(key));
        }
    }
}

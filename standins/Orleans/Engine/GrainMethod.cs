using System.Reflection;
using Orleans.Concurrency;

namespace Orleans.Engine;

/// <summary>One method of a grain or observer interface, and how calls of it may run beside others.</summary>
internal sealed class GrainMethod
{
    public GrainMethod(MethodInfo method)
    {
        Method = method;
        InterfaceName = method.DeclaringType!.FullName!;
        IsAlwaysInterleave = method.IsDefined(typeof(AlwaysInterleaveAttribute));
        IsReadOnly = method.IsDefined(typeof(ReadOnlyAttribute));
        IsOneWay = method.ReturnType == typeof(void) || method.IsDefined(typeof(OneWayAttribute));
    }

    /// <summary>A timer's tick: a one-way call that the engine sends to the grain itself.</summary>
    public GrainMethod(MethodInfo method, bool interleave)
        : this(method)
    {
        IsAlwaysInterleave = interleave;
        IsOneWay = true;
    }

    public MethodInfo Method { get; }

    public string Name => Method.Name;

    public string InterfaceName { get; }

    public bool IsAlwaysInterleave { get; }

    public bool IsReadOnly { get; }

    public bool IsOneWay { get; }

    public override string ToString() => $"{InterfaceName}.{Name}";
}

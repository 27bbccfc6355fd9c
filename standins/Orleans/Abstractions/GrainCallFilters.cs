using System.Reflection;
using Orleans.Runtime;

namespace Orleans;

/// <summary>A call on its way into a grain or observer.</summary>
public interface IGrainCallContext
{
    /// <summary>The object that is called.</summary>
    object Grain { get; }

    /// <summary>The grain that calls, or null for a call from outside.</summary>
    GrainId? SourceId { get; }

    GrainId TargetId { get; }

    /// <summary>Full name of the interface.</summary>
    string InterfaceName { get; }

    string MethodName { get; }

    MethodInfo InterfaceMethod { get; }

    /// <summary>What the call returned; null before, or when it failed. A filter may replace it.</summary>
    object? Result { get; set; }

    /// <summary>Goes on to the next filter and in the end to the grain. Throws what the grain threw.</summary>
    Task Invoke();
}

/// <summary>A call on its way into a grain or observer, seen from the callee.</summary>
public interface IIncomingGrainCallContext : IGrainCallContext
{
    IGrainContext TargetContext { get; }

    MethodInfo ImplementationMethod { get; }
}

/// <summary>Stands between callers and grains. A filter that does not go on must set a result or throw.</summary>
public interface IIncomingGrainCallFilter
{
    Task Invoke(IIncomingGrainCallContext context);
}

/// <summary>An <see cref="IIncomingGrainCallFilter"/> as a function.</summary>
public delegate Task IncomingGrainCallFilterDelegate(IIncomingGrainCallContext context);

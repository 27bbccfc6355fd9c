using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>The begin of a call on its target.</summary>
internal static class Invocation
{
    /// <summary>Calls the target, through the filters if there are any. What it throws, also before its first await, is in the task.</summary>
    public static Task Start(GrainCall call, IGrainContext context, object target, IIncomingGrainCallFilter[] filters)
    {
        try
        {
            return filters.Length > 0 || target is IIncomingGrainCallFilter
                ? new IncomingCall(call, context, target, filters).RunAsync()
                : call.Start(target) ?? throw new InvalidOperationException($"{call.Method} returned null instead of a task.");
        }
        catch (Exception exception)
        {
            return Task.FromException(exception); // all is caught: it is the caller's answer
        }
    }
}

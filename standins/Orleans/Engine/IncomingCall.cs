using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>A call on its way through the filters: the silo's in order, then the grain's own, then the grain.</summary>
internal sealed class IncomingCall(GrainCall call, IGrainContext context, object target, IIncomingGrainCallFilter[] filters)
    : IIncomingGrainCallContext
{
    private int _stage;
    private object? _result;
    private bool _answered;

    public object Grain => target;

    public GrainId? SourceId => call.SourceId.IsDefault ? null : call.SourceId;

    public GrainId TargetId => call.TargetId;

    public IGrainContext TargetContext => context;

    public string InterfaceName => call.Method.InterfaceName;

    public string MethodName => call.Method.Name;

    public MethodInfo InterfaceMethod => call.Method.Method;

    public MethodInfo ImplementationMethod
    {
        get
        {
            Type declaring = InterfaceMethod.DeclaringType!;
            if (!declaring.IsInstanceOfType(target))
            {
                return InterfaceMethod; // a timer's tick, which no class implements
            }

            InterfaceMapping map = target.GetType().GetInterfaceMap(declaring);
            return map.TargetMethods[Array.IndexOf(map.InterfaceMethods, InterfaceMethod)];
        }
    }

    public object? Result
    {
        get => _result;
        set
        {
            _result = value;
            _answered = true;
        }
    }

    public async Task Invoke()
    {
        int stage = _stage++;
        try
        {
            if (stage < filters.Length)
            {
                await RunAsync(filters[stage]);
            }
            else if (stage == filters.Length && target is IIncomingGrainCallFilter own)
            {
                await RunAsync(own);
            }
            else if (stage <= filters.Length + 1)
            {
                Task task = call.Start(target);
                await task;
                Result = call.ResultOf(task);
            }
            else
            {
                throw new InvalidOperationException("The filter chain was invoked beyond its end.");
            }
        }
        finally
        {
            _stage--;
        }
    }

    /// <summary>Runs the whole chain. The task is what <see cref="GrainCall.Answer"/> takes.</summary>
    public async Task RunAsync()
    {
        await Invoke();
        call.AnswerWith(_result);
    }

    private async Task RunAsync(IIncomingGrainCallFilter filter)
    {
        await filter.Invoke(this);
        if (!_answered)
        {
            throw new InvalidOperationException($"The filter {filter.GetType().Name} neither went on nor set a result.");
        }
    }
}

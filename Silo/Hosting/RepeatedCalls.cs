using System.Collections.Concurrent;
using System.Reflection;
using Orleans;
using Orleans.Runtime;
using RPort.Grains.Abstractions;

namespace RPort.Silo.Hosting;

/// <summary>
/// Hides the loss of a silo: a call that it has rejected, which it does while it leaves, is made again a little later, when the grain is on another silo. A
/// call that was on its way to a silo that died may have been carried out; that one is made again only where <see cref="SafeToRepeatAttribute"/> says so.
/// </summary>
internal sealed class RepeatedCalls : IOutgoingGrainCallFilter
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private const int MaxTries = 6; // with the pauses between them three seconds
    private static readonly ConcurrentDictionary<MethodInfo, bool> Marked = new();

    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await context.Invoke();
                return;
            }
            catch (OrleansException e) when (attempt < MaxTries && MayRepeat(e, context.InterfaceMethod))
            {
                await Task.Delay(FirstPause * (1 << (attempt - 1)));
            }
        }
    }

    private static bool MayRepeat(OrleansException e, MethodInfo? method) =>
        e is OrleansMessageRejectionException || (e is SiloUnavailableException && IsMarked(method));

    private static bool IsMarked(MethodInfo? method) =>
        method is not null && Marked.GetOrAdd(method, static method => method.GetCustomAttribute<SafeToRepeatAttribute>() is not null);
}

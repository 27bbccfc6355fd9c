using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>What the engine has to say.</summary>
internal sealed partial class EngineLog(ILogger logger)
{
    [LoggerMessage(9002, LogLevel.Error, "Failed to activate grain {GrainId}")]
    public partial void ActivationFailed(GrainId grainId, Exception exception);

    [LoggerMessage(9003, LogLevel.Error, "OnDeactivateAsync of grain {GrainId} failed")]
    public partial void DeactivationFailed(GrainId grainId, Exception exception);

    [LoggerMessage(9004, LogLevel.Error, "Disposing grain {GrainId} failed")]
    public partial void DisposalFailed(GrainId grainId, Exception exception);

    [LoggerMessage(9005, LogLevel.Warning, "One-way call {Call} failed; nobody waits for its outcome")]
    public partial void OneWayFailed(GrainCall call, Exception exception);

    [LoggerMessage(9006, LogLevel.Error, "Call {Call} is for an observer that was deleted or collected; it is lost")]
    public partial void ObserverGone(GrainCall call);

    [LoggerMessage(9007, LogLevel.Warning, "{GrainId} refuses calls: {Count} wait or run, the limit is {Limit}")]
    public partial void Overloaded(GrainId grainId, int count, int limit);

    [LoggerMessage(9008, LogLevel.Warning, "The silo stops with {Count} grains still active: the time to stop is over")]
    public partial void StoppedWithGrains(int count);

    [LoggerMessage(9009, LogLevel.Information, "Single-process silo started: {Classes} grain classes, {Interfaces} interfaces")]
    public partial void Started(int classes, int interfaces);
}

using System.Diagnostics;
using Orleans;

namespace RPort.Silo.Hosting;

/// <summary>How long a gateway that starts waits for the first silo.</summary>
/// <param name="Timeout">The longest wait.</param>
internal sealed record SiloWait(TimeSpan Timeout)
{
    private readonly long _start = Stopwatch.GetTimestamp();

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_start);
}

/// <summary>Asked by Orleans' client when it found no silo: waits a moment and tries again, until the time is over.</summary>
internal sealed partial class SiloWaitFilter(SiloWait wait, ILogger<SiloWaitFilter> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (wait.Elapsed > wait.Timeout)
        {
            throw new ServiceUnavailableException($"No silo of the cluster answered within {wait.Timeout}: {exception.Message}", exception);
        }

        LogWaiting(logger, (int)wait.Elapsed.TotalSeconds, wait.Timeout, exception.Message.ReplaceLineEndings(" "));
        await Task.Delay(Pause, cancellationToken);
        return true;
    }

    [LoggerMessage(3012, LogLevel.Warning, "Waiting for a silo since {Seconds} s, at most {Timeout}: {Reason}")]
    private static partial void LogWaiting(ILogger logger, int seconds, TimeSpan timeout, string reason);
}

namespace RPort.Silo.Hosting;

/// <summary>
/// Holds the start of a silo or a gateway until what it needs answers: the list of silos, and storage. Without it, Orleans gives up at the first failure.
/// </summary>
/// <param name="needs">What to ask.</param>
/// <param name="timeout">How long in all.</param>
/// <param name="clock">Measures it.</param>
/// <param name="logger">Says what is waited for.</param>
internal sealed partial class StartupGate(IReadOnlyList<StartupNeed> needs, TimeSpan timeout, TimeProvider clock, ILogger<StartupGate> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Runs before any other service of the process starts.</summary>
    /// <exception cref="ServiceUnavailableException">One of them did not answer in time.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        long start = clock.GetTimestamp();
        foreach (StartupNeed need in needs)
        {
            while (await FailureOfAsync(need, cancellationToken) is { } failure)
            {
                TimeSpan waited = clock.GetElapsedTime(start);
                if (waited > timeout)
                {
                    throw new ServiceUnavailableException($"{need.What} did not answer within {timeout}: {failure.Message}", failure);
                }

                LogWaiting(logger, need.What, (int)waited.TotalSeconds, timeout, failure.Message.ReplaceLineEndings(" "));
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Has the start of a process wait for these.</summary>
    public static void Add(IServiceCollection services, TimeSpan timeout, params StartupNeed?[] needs) => services.AddHostedService(provider => new StartupGate(
        [.. needs.OfType<StartupNeed>()], timeout, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<StartupGate>>()));

    private static async Task<Exception?> FailureOfAsync(StartupNeed need, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        try
        {
            await need.AskAsync(deadline.Token);
            return null;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return e; // whatever a client of another service may throw
        }
    }

    [LoggerMessage(3011, LogLevel.Warning, "Waiting for {What} since {Seconds} s, at most {Timeout}: {Reason}")]
    private static partial void LogWaiting(ILogger logger, string what, int seconds, TimeSpan timeout, string reason);
}

/// <summary>A service without which a silo cannot start.</summary>
/// <param name="What">Its name, for people.</param>
/// <param name="AskAsync">Completes when it answers, and fails when it does not.</param>
internal sealed record StartupNeed(string What, Func<CancellationToken, Task> AskAsync);

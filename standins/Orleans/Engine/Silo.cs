using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>The engine in a host: all activations, and what they share.</summary>
internal sealed class Silo : IHostedService, IDisposable
{
    private readonly IdleCollector _idle;
    private volatile Stage _stage;
    private IIncomingGrainCallFilter[]? _filters;

    public Silo(
        IServiceProvider services,
        TimeProvider clock,
        IOptions<SiloMessagingOptions> messaging,
        IOptions<GrainCollectionOptions> collection,
        ILogger<Silo> logger)
    {
        Services = services;
        Clock = clock;
        Collection = collection.Value;
        MailboxLimit = messaging.Value.MaxEnqueuedRequestsHardLimit;
        Log = new EngineLog(logger);
        Deadlines = new CallDeadlines(messaging.Value.ResponseTimeout, clock, logger);
        Catalog = new Catalog(this);
        GrainFactory = new GrainFactory(this);
        _idle = new IdleCollector(this, Collection);
    }

    private enum Stage
    {
        New,
        Running,
        Stopping,
        Stopped,
    }

    public IServiceProvider Services { get; }

    public TimeProvider Clock { get; }

    public GrainCollectionOptions Collection { get; }

    public int MailboxLimit { get; }

    public EngineLog Log { get; }

    public CallDeadlines Deadlines { get; }

    public Catalog Catalog { get; }

    public GrainFactory GrainFactory { get; }

    public bool IsStopping => _stage >= Stage.Stopping;

    /// <summary>Resolved late: filters may themselves want the grain factory.</summary>
    public IIncomingGrainCallFilter[] Filters => _filters ??=
        [.. (IEnumerable<IIncomingGrainCallFilter>)Services.GetService(typeof(IEnumerable<IIncomingGrainCallFilter>))!];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Every interface is checked now, so that a message that cannot travel stops the start and not the first call.
        Type[] interfaces = [.. GrainClasses.Interfaces()];
        MessageContract.VerifyAll(interfaces);
        _idle.Start();
        _stage = Stage.Running;
        Log.Started(GrainClasses.All.Count, interfaces.Length);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Refuses calls from outside, then deactivates grains until none is left: one that leaves may call others, and so bring them back.
    /// Gives up when the token fires.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (IsStopping)
        {
            return;
        }

        _stage = Stage.Stopping;
        _idle.Dispose();
        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo is shutting down.");
        while (!Catalog.IsEmpty)
        {
            Activation[] active = [.. Catalog.All];
            Array.ForEach(active, activation => activation.Deactivate(reason, CancellationToken.None));
            try
            {
                await Task.WhenAll(active.Select(GoneAsync)).WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                Log.StoppedWithGrains(Catalog.All.Count());
                break;
            }
        }

        _stage = Stage.Stopped;
        Deadlines.Stop();
    }

    public void Dispose()
    {
        _stage = Stage.Stopped;
        _idle.Dispose();
        Deadlines.Stop();
    }

    /// <summary>Whether the call may go on; otherwise it is answered.</summary>
    public bool TryAccept(GrainCall call)
    {
        if (_stage == Stage.Running || (_stage == Stage.Stopping && !call.SourceId.IsDefault))
        {
            return true;
        }

        call.Fail(new SiloUnavailableException($"The silo is {(_stage == Stage.New ? "not started yet" : "stopping")}: {call}."));
        return false;
    }

    public LimitExceededException Overloaded(int count, GrainId grainId)
    {
        Log.Overloaded(grainId, count, MailboxLimit);
        return new LimitExceededException(nameof(SiloMessagingOptions.MaxEnqueuedRequestsHardLimit), count, MailboxLimit, grainId);
    }

    private static async Task GoneAsync(Activation activation)
    {
        await activation.Deactivated;
        await activation.Transition;
    }
}

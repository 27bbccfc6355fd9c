using Orleans.Engine;
using Orleans.Runtime;

namespace Orleans;

/// <summary>Base of grain classes. Made by the engine only.</summary>
public abstract class Grain : IGrainBase, IAddressable
{
    private readonly Activation? _activation = Activation.Current;

    public IGrainContext GrainContext => Own;

    protected IGrainFactory GrainFactory => Own.Silo.GrainFactory;

    protected internal IServiceProvider ServiceProvider => Own.ActivationServices;

    private Activation Own => _activation ?? throw new InvalidOperationException(
        "This grain was made with 'new' and not by the runtime: it has no identity and no services.");

    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Forget this activation once the running calls have ended; waiting calls go to a new one.</summary>
    protected void DeactivateOnIdle()
    {
        Activation.CheckAccess();
        Own.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, $"{nameof(DeactivateOnIdle)} was called."));
    }

    /// <summary>Keep this activation at least that long; zero or less takes an earlier wish back.</summary>
    protected void DelayDeactivation(TimeSpan timeSpan)
    {
        Activation.CheckAccess();
        Own.DelayDeactivation(timeSpan);
    }
}

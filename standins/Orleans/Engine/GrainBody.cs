using Microsoft.Extensions.DependencyInjection;

namespace Orleans.Engine;

/// <summary>The grain object of an activation, with its services, state and timers. Used in turns of the activation, timers aside.</summary>
internal sealed class GrainBody(Activation activation) : IAsyncDisposable
{
    private readonly AsyncServiceScope _scope = activation.Silo.Services.CreateAsyncScope();
    private readonly Lock _timersLock = new();
    private List<IActivationState>? _states;
    private List<GrainTimer>? _timers;

    public object? Instance { get; private set; }

    public IServiceProvider Services => _scope.ServiceProvider;

    public void Add(IActivationState state) => (_states ??= []).Add(state);

    public void Add(GrainTimer timer)
    {
        lock (_timersLock)
        {
            (_timers ??= []).Add(timer);
        }
    }

    public void Remove(GrainTimer timer)
    {
        lock (_timersLock)
        {
            _timers?.Remove(timer);
        }
    }

    /// <summary>Makes the grain, reads its state and lets it wake up.</summary>
    public async Task ComeAsync(CancellationToken cancellationToken)
    {
        Instance = activation.GrainClass.Create(activation);
        if (_states is not null)
        {
            await Task.WhenAll(_states.Select(state => state.LoadAsync(cancellationToken))).WaitAsync(cancellationToken);
            _states = null;
        }

        if (Instance is IGrainBase grain)
        {
            await grain.OnActivateAsync(cancellationToken).WaitAsync(cancellationToken);
        }
    }

    /// <summary>Lets the grain say goodbye. It goes in any case, so what it throws is only logged.</summary>
    public async Task GoAsync(DeactivationReason reason)
    {
        StopTimers();
        using var deadline = new CancellationTokenSource(activation.Silo.Collection.DeactivationTimeout, activation.Silo.Clock);
        try
        {
            if (Instance is IGrainBase grain)
            {
                await grain.OnDeactivateAsync(reason, deadline.Token).WaitAsync(deadline.Token);
            }
        }
        catch (Exception exception)
        {
            activation.Silo.Log.DeactivationFailed(activation.GrainId, exception);
        }
    }

    /// <summary>Disposes of the grain and its services. Nobody is left to tell, so what they throw is only logged.</summary>
    public async ValueTask DisposeAsync()
    {
        StopTimers();
        try
        {
            if (Instance is IAsyncDisposable asyncDisposable)
            {
                await asyncDisposable.DisposeAsync();
            }
            else
            {
                (Instance as IDisposable)?.Dispose();
            }

            await _scope.DisposeAsync();
        }
        catch (Exception exception)
        {
            activation.Silo.Log.DisposalFailed(activation.GrainId, exception);
        }
    }

    private void StopTimers()
    {
        List<GrainTimer>? timers;
        lock (_timersLock)
        {
            timers = _timers;
            _timers = null;
        }

        timers?.ForEach(timer => timer.Dispose());
    }
}

using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.Engine;

/// <summary>
/// A grain's record in storage. Operations run one after the other; a write asked for while another of its kind still waits joins that one.
/// </summary>
internal sealed class PersistentState<TState> : IPersistentState<TState>, IActivationState
{
    private readonly Activation _activation;
    private readonly string _name;
    private readonly IGrainStorage _storage;
    private readonly GrainState<TState> _record = new(StateInstance.Create<TState>());
    private Operation? _last;
    private bool _loaded;

    public PersistentState(Activation activation, string name, string? storageName)
    {
        _activation = activation;
        _name = name;
        _storage = (string.IsNullOrWhiteSpace(storageName)
            ? activation.ActivationServices.GetService<IGrainStorage>()
            : activation.ActivationServices.GetKeyedService<IGrainStorage>(storageName))
            ?? throw new BadProviderConfigException(string.IsNullOrWhiteSpace(storageName)
                ? $"No default storage provider found loading grain type {activation.GrainId.Type}."
                : $"No storage provider named \"{storageName}\" found loading grain type {activation.GrainId.Type}.");
        activation.Register(this);
    }

    private enum Kind
    {
        Read,
        Write,
        Clear,
    }

    public TState State
    {
        get
        {
            Activation.CheckAccess();
            return _record.State!;
        }

        set
        {
            Activation.CheckAccess();
            _record.State = value;
        }
    }

    public string? Etag => _record.ETag;

    public bool RecordExists => _loaded ? _record.RecordExists : throw new InvalidOperationException("State has not yet been loaded");

    public Task LoadAsync(CancellationToken cancellationToken) => Enqueue(Kind.Read, cancellationToken);

    public Task ReadStateAsync() => Enqueue(Kind.Read, CancellationToken.None);

    public Task WriteStateAsync() => Enqueue(Kind.Write, CancellationToken.None);

    public Task ClearStateAsync() => Enqueue(Kind.Clear, CancellationToken.None);

    Task IStorage.ReadStateAsync(CancellationToken cancellationToken) => Enqueue(Kind.Read, cancellationToken);

    Task IStorage.WriteStateAsync(CancellationToken cancellationToken) => Enqueue(Kind.Write, cancellationToken);

    Task IStorage.ClearStateAsync(CancellationToken cancellationToken) => Enqueue(Kind.Clear, cancellationToken);

    // In a turn of the activation always, so the queue needs no lock.
    private Task Enqueue(Kind kind, CancellationToken cancellationToken)
    {
        Activation.CheckAccess();
        bool mayJoin = kind != Kind.Read && !cancellationToken.CanBeCanceled;
        if (mayJoin && _last is { Started: false } waiting && waiting.Kind == kind && !waiting.Token.CanBeCanceled)
        {
            return waiting.Completion;
        }

        var operation = new Operation(kind, cancellationToken);
        Operation? before = _last;
        _last = operation;
        operation.Completion = RunAsync(operation, before?.Completion);
        return operation.Completion;
    }

    private async Task RunAsync(Operation operation, Task? before)
    {
        // Orleans writes what the state is when the operation begins, a turn later, and not when it was asked for.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (before is not null)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        operation.Started = true;
        try
        {
            await StoreAsync(operation);
            _loaded |= operation.Kind == Kind.Read;
        }
        catch (Exception exception) when (exception is not OrleansException
            && !(exception is OperationCanceledException && operation.Token.IsCancellationRequested))
        {
            throw new OrleansException(
                $"Error from storage provider {_storage.GetType().Name}.{_name} during {operation.Kind}StateAsync for grain {_activation.GrainId}: "
                + exception.Message,
                exception);
        }
        finally
        {
            if (ReferenceEquals(_last, operation))
            {
                _last = null;
            }
        }
    }

    private Task StoreAsync(Operation operation) => operation.Kind switch
    {
        Kind.Read => _storage.ReadStateAsync(_name, _activation.GrainId, _record, operation.Token),
        Kind.Write => _storage.WriteStateAsync(_name, _activation.GrainId, _record, operation.Token),
        _ => _storage.ClearStateAsync(_name, _activation.GrainId, _record, operation.Token),
    };

    private sealed class Operation(Kind kind, CancellationToken token)
    {
        public Kind Kind => kind;

        public CancellationToken Token => token;

        public bool Started { get; set; }

        public Task Completion { get; set; } = Task.CompletedTask;
    }
}

/// <summary>New state objects, also of types without a parameterless constructor.</summary>
internal static class StateInstance
{
    public static T Create<T>() => typeof(T).IsValueType || typeof(T).GetConstructor(Type.EmptyTypes) is not null
        ? Activator.CreateInstance<T>()
        : (T)RuntimeHelpers.GetUninitializedObject(typeof(T));
}

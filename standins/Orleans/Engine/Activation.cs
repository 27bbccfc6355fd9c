using Orleans.Runtime;

namespace Orleans.Engine;

internal sealed class GrainTimer : IGrainTimer
{
    public void Change(TimeSpan dueTime, TimeSpan period)
    {
    }

    public void Dispose()
    {
    }
}

internal sealed class Activation : IGrainContext
{
    public static Activation? Current => null;

    public Silo Silo { get; } = null!;

    public GrainId GrainId { get; }

    public object? GrainInstance { get; }

    public IServiceProvider ActivationServices { get; } = null!;

    public Task Deactivated { get; } = Task.CompletedTask;

    public static void CheckAccess()
    {
    }

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
    }

    public void DelayDeactivation(TimeSpan time)
    {
    }

    public GrainTimer StartTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options) => new();

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => 0;
}

internal sealed class Silo : Microsoft.Extensions.Hosting.IHostedService
{
    public IClusterClient GrainFactory { get; } = null!;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

internal sealed class JsonStorageSerializer : Storage.IGrainStorageSerializer
{
    public BinaryData Serialize<T>(T? input) => BinaryData.FromObjectAsJson(input);

    public T? Deserialize<T>(BinaryData input) => input.ToObjectFromJson<T>();
}

internal sealed class MemoryGrainStorage(Storage.IGrainStorageSerializer serializer) : Storage.IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.FromResult(serializer);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;
}

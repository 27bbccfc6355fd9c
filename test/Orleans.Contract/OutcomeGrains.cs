using System.Collections.Immutable;
using Orleans.Concurrency;

namespace RPort.Contract;

[GenerateSerializer]
[Alias("contract.Pebble")]
[Immutable]
public sealed record Pebble([property: Id(0)] string Name, [property: Id(1)] ImmutableArray<int> Marks, [property: Id(2)] DateTimeOffset? At = null)
{
    [Id(3)]
    public Guid Id { get; init; }
}

public interface IOutcomeGrain : IGrainWithStringKey
{
    Task ThrowAsync(string message);

    Task ThrowBeforeTheTaskAsync();

    Task<int> CancelItselfAsync();

    ValueTask<int> ValueAsync(int value);

    ValueTask NothingAsync();

    Task<Pebble?> EchoAsync(Pebble? pebble);

    Task<IOutcomeGrain> SelfAsync(IOutcomeGrain other);

    [OneWay]
    Task ForgetMeAsync(string line, bool thenThrow);

    Task WaitForCancelAsync(CancellationToken cancellationToken);

    Task<bool> PassTokenOnAsync(string key, CancellationToken cancellationToken);
}

public sealed class OutcomeGrain(Journal journal) : Grain, IOutcomeGrain
{
    private string Key => this.GetPrimaryKeyString();

    public async Task ThrowAsync(string message)
    {
        await Task.Yield();
        throw new InvalidDataException(message);
    }

    public Task ThrowBeforeTheTaskAsync() => throw new InvalidDataException("at once");

    public Task<int> CancelItselfAsync() => Task.FromCanceled<int>(new CancellationToken(canceled: true));

    public ValueTask<int> ValueAsync(int value) => ValueTask.FromResult(value);

    public async ValueTask NothingAsync()
    {
        await Task.Yield();
        journal.Write(Key, "nothing");
    }

    public Task<Pebble?> EchoAsync(Pebble? pebble) => Task.FromResult(pebble);

    public Task<IOutcomeGrain> SelfAsync(IOutcomeGrain other) => Task.FromResult(other);

    public async Task ForgetMeAsync(string line, bool thenThrow)
    {
        await journal.GateAsync(Key);
        journal.Write(Key, line);
        if (thenThrow)
        {
            throw new InvalidDataException("nobody hears this");
        }
    }

    public async Task WaitForCancelAsync(CancellationToken cancellationToken)
    {
        journal.Write(Key, "waits");
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            journal.Write(Key, "cancelled");
        }
    }

    public async Task<bool> PassTokenOnAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await GrainFactory.GetGrain<IOutcomeGrain>(key).WaitForCancelAsync(cancellationToken);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }
}

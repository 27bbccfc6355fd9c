namespace RPort.Contract;

public interface ILifeGrain : IGrainWithStringKey
{
    Task TouchAsync();

    Task ForgetAsync();

    Task ForgetThenHoldAsync(string gate);

    Task StayAsync(TimeSpan time);
}

/// <summary>Writes down its coming and going. A key with "fail" in it cannot be activated the first time.</summary>
public sealed class LifeGrain(Journal journal) : Grain, ILifeGrain, IDisposable
{
    private string Key => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        journal.Write(Key, "activated");
        if (Key.Contains("fail", StringComparison.Ordinal) && journal.Read(Key).Length == 1)
        {
            throw new InvalidDataException("cannot wake up");
        }

        if (Key.Contains("reconsider", StringComparison.Ordinal) && journal.Read(Key).Length == 1)
        {
            DeactivateOnIdle();
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        journal.Write(Key, $"deactivated: {reason.ReasonCode}");
        if (Key.Contains("grumble", StringComparison.Ordinal))
        {
            throw new InvalidDataException("will not go");
        }
    }

    public void Dispose() => journal.Write(Key, "disposed");

    public Task TouchAsync()
    {
        journal.Write(Key, "touched");
        return Task.CompletedTask;
    }

    public Task ForgetAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task ForgetThenHoldAsync(string gate)
    {
        DeactivateOnIdle();
        journal.Write(Key, "hold begins");
        await journal.GateAsync(gate);
        journal.Write(Key, "hold ends");
    }

    public Task StayAsync(TimeSpan time)
    {
        DelayDeactivation(time);
        return Task.CompletedTask;
    }
}

public interface IBrokenGrain : IGrainWithStringKey
{
    Task TouchAsync();
}

public sealed class BrokenGrain : Grain, IBrokenGrain
{
    public BrokenGrain()
    {
        throw new InvalidDataException("cannot be made");
    }

    public Task TouchAsync() => Task.CompletedTask;
}

public interface INobodyGrain : IGrainWithStringKey
{
    Task TouchAsync();
}

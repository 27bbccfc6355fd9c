using Orleans.Runtime;

namespace RPort.Contract;

public interface ITimerGrain : IGrainWithStringKey
{
    Task StartAsync(TimeSpan due, TimeSpan period, bool interleave);

    Task StartWithGateAsync(string gate, bool interleave);

    Task StartThatFailsAsync();

    Task StopAsync();

    Task HoldAsync(string gate);

    Task ChangeAsync(TimeSpan due);

    Task ForgetAsync();
}

public sealed class TimerGrain(Journal journal) : Grain, ITimerGrain
{
    private IGrainTimer? _timer;
    private bool _inTurn;

    private string Key => this.GetPrimaryKeyString();

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        journal.Write(Key, "deactivated");
        return Task.CompletedTask;
    }

    public Task StartAsync(TimeSpan due, TimeSpan period, bool interleave)
    {
        _timer = this.RegisterGrainTimer(TickAsync, new GrainTimerCreationOptions(due, period) { Interleave = interleave });
        return Task.CompletedTask;
    }

    public Task StartWithGateAsync(string gate, bool interleave)
    {
        _timer = this.RegisterGrainTimer(
            async (string opened, CancellationToken token) =>
            {
                journal.Write(Key, "tick begins");
                await journal.GateAsync(opened).WaitAsync(token);
                journal.Write(Key, "tick ends");
            },
            gate,
            new GrainTimerCreationOptions(TimeSpan.FromMilliseconds(10), Timeout.InfiniteTimeSpan) { Interleave = interleave });
        return Task.CompletedTask;
    }

    public Task StartThatFailsAsync()
    {
        _timer = this.RegisterGrainTimer(
            () =>
            {
                journal.Write(Key, "failing tick");
                throw new InvalidDataException("tick");
            },
            TimeSpan.FromMilliseconds(10),
            TimeSpan.FromMilliseconds(10));
        return Task.CompletedTask;
    }

    public Task StopAsync()
    {
        _timer?.Dispose();
        journal.Write(Key, "stopped");
        return Task.CompletedTask;
    }

    public async Task HoldAsync(string gate)
    {
        _inTurn = true;
        journal.Write(Key, "hold begins");
        await journal.GateAsync(gate);
        journal.Write(Key, "hold ends");
        _inTurn = false;
    }

    public Task ChangeAsync(TimeSpan due)
    {
        _timer!.Change(due, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    public Task ForgetAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private Task TickAsync(CancellationToken token)
    {
        journal.Write(Key, _inTurn ? "tick beside a call" : "tick");
        return Task.CompletedTask;
    }
}

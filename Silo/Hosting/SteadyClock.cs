namespace RPort.Silo.Hosting;

/// <summary>
/// A clock that only runs forward: the wall clock at the start of this process, and measured time since. Orleans collects idle activations by it. By the
/// wall clock, every activation would fail after that clock was set back.
/// </summary>
internal sealed class SteadyClock : TimeProvider
{
    private readonly DateTimeOffset _start = System.GetUtcNow();
    private readonly long _startTimestamp = System.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => _start + System.GetElapsedTime(_startTimestamp);
}

using Orleans.Runtime;

namespace RPort.Contract.StandInOnly;

/// <summary>Orleans itself waits at the stop of a silo for observers that are at work, for longer than half a minute; here nobody is waited for who does not end.</summary>
public sealed class StopTests
{
    private readonly string _key = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task A_call_that_a_stopped_silo_left_open_is_answered()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        var reader = new NewsReader(silo.Journal, _key);
        INewsObserver reference = silo.Grains.CreateObjectReference<INewsObserver>(reader);
        Task call = reference.HeardAsync("hold"); // nobody opens that gate
        await silo.Journal.WaitForAsync(_key, "hold begins");
        await silo.StopAsync().WaitAsync(Journal.Patience);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => call.WaitAsync(Journal.Patience));
        GC.KeepAlive(reader);
    }
}

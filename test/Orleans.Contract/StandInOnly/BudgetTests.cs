namespace RPort.Contract.StandInOnly;

/// <summary>What calls and idle grains may cost. Time depends on the machine and is not tested; bytes do not.</summary>
[Collection(SiloCollection.Name)]
public sealed class BudgetTests(SharedSilo shared)
{
    private const int BytesPerCall = 700;
    private const int BytesPerIdleGrain = 3000;

    [Fact]
    public async Task A_call_allocates_little()
    {
        const int Calls = 20_000;
        IOutcomeGrain grain = shared.Silo.Grains.GetGrain<IOutcomeGrain>(Guid.NewGuid().ToString("N"));
        await CallAsync(1000);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await CallAsync(Calls);
        Assert.InRange((GC.GetTotalAllocatedBytes(precise: true) - before) / Calls, 1, BytesPerCall);

        async Task CallAsync(int count)
        {
            for (int i = 0; i < count; i++)
            {
                await grain.EchoAsync(null);
            }
        }
    }

    [Fact]
    public async Task An_idle_grain_weighs_little()
    {
        const int Count = 5_000;
        await using TestSilo silo = await TestSilo.StartAsync();
        await silo.Grains.GetGrain<ICarelessGrain>("warm").AddAsync(1);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        string prefix = Guid.NewGuid().ToString("N");
        for (int i = 0; i < Count; i++)
        {
            await silo.Grains.GetGrain<IOutcomeGrain>($"{prefix}-{i}").EchoAsync(null);
        }

        Assert.InRange((GC.GetTotalMemory(forceFullCollection: true) - before) / Count, 1, BytesPerIdleGrain);
    }
}

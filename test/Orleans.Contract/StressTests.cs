using Orleans.Runtime;

namespace RPort.Contract;

[Collection(SiloCollection.Name)]
public sealed class StressTests(SharedSilo shared)
{
    /// <summary>
    /// Grains come and go under load; every call is answered, and none is lost or done twice. A call that keeps coming too late for an activation
    /// is refused without having been done.
    /// </summary>
    [Theory]
    [InlineData(8, 5, 10)]
    [InlineData(64, 2, 2)] // an activation is told to go again while the last one still hands its calls over
    public async Task Nothing_is_lost_or_done_twice_while_grains_come_and_go(int callers, int grains, int forgetsOneIn)
    {
        const int CallsPerCaller = 400;
        string prefix = Guid.NewGuid().ToString("N");
        int[] sums = new int[grains];
        await Task.WhenAll(Enumerable.Range(1, callers).Select(seed => Task.Run(() => CallAsync(new Random(seed))))).WaitAsync(TimeSpan.FromSeconds(60));
        for (int grain = 0; grain < grains; grain++)
        {
            Assert.Equal(sums[grain], (await Of(grain).GetAsync().WaitAsync(Journal.Patience)).Value);
        }

        ITallyGrain Of(int grain) => shared.Silo.Grains.GetGrain<ITallyGrain>($"{prefix}-{grain}");

        async Task CallAsync(Random random)
        {
            List<Task> pending = [];
            for (int call = 0; call < CallsPerCaller; call++)
            {
                int grain = random.Next(grains);
                if (random.Next(forgetsOneIn) == 0)
                {
                    pending.Add(UntilTakenAsync(() => Of(grain).ForgetAsync()));
                }
                else
                {
                    int value = call;
                    Interlocked.Add(ref sums[grain], value);
                    pending.Add(UntilTakenAsync(() => Of(grain).AddAsync(value)));
                }

                if (random.Next(20) == 0)
                {
                    await Task.WhenAll(pending);
                    pending.Clear();
                }
            }

            await Task.WhenAll(pending);
        }

        static async Task UntilTakenAsync(Func<Task> call)
        {
            for (bool taken = false; !taken;)
            {
                try
                {
                    await call();
                    taken = true;
                }
                catch (OrleansMessageRejectionException)
                {
                    // asked again
                }
            }
        }
    }
}

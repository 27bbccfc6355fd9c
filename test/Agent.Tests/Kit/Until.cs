namespace RPort.Agent.Tests.Kit;

/// <summary>Waits for what nothing announces.</summary>
internal static class Until
{
    public static async Task TrueAsync(Func<bool> condition, int seconds = 20)
    {
        long start = Environment.TickCount64;
        while (!condition())
        {
            Assert.True(Environment.TickCount64 - start < seconds * 1000L, "it did not come true in time");
            await Task.Delay(10);
        }
    }
}

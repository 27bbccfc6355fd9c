using System.Diagnostics;

namespace RPort.Gateway.Tests.Kit;

/// <summary>For what happens behind an answer and tells nobody: asks until it is so.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task TrueAsync(string what, Func<Task<bool>> ask)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await ask())
        {
            Assert.True(watch.Elapsed < Limit, $"Not within {Limit}: {what}.");
            await timer.WaitForNextTickAsync();
        }
    }
}

namespace RPort.EndToEnd.Kit;

/// <summary>Waits for what can only be asked for, such as the state of another process behind REST.</summary>
internal static class Eventually
{
    /// <summary>Asks every 100 ms until the answer is not null; fails with <paramref name="what"/> after the limit.</summary>
    public static async Task<T> GetAsync<T>(string what, TimeSpan limit, Func<Task<T?>> ask, Func<string>? context = null)
        where T : class
    {
        using CancellationTokenSource deadline = new(limit);
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        try
        {
            while (true)
            {
                if (await ask() is { } answer)
                {
                    return answer;
                }

                await timer.WaitForNextTickAsync(deadline.Token);
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new TimeoutException($"Not within {limit}: {what}. {context?.Invoke()}");
        }
    }

    public static Task TrueAsync(string what, TimeSpan limit, Func<Task<bool>> ask, Func<string>? context = null) =>
        GetAsync(what, limit, async () => await ask() ? "yes" : null, context);
}

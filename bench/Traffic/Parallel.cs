namespace RPort.Traffic;

/// <summary>The same work on several threads.</summary>
internal static class Parallel
{
    /// <summary>Returns when all are done; the first failure is the caller's.</summary>
    public static void Run(int count, Action<int> work)
    {
        Exception? failure = null;
        Thread[] threads = [.. Enumerable.Range(0, count).Select(i => new Thread(() =>
        {
            try
            {
                work(i);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, e, null);
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        if (failure is not null)
        {
            throw new InvalidDataException($"A client failed: {failure.Message}", failure);
        }
    }
}

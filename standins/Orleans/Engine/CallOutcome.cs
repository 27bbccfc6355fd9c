namespace Orleans.Engine;

/// <summary>How a finished task ended.</summary>
internal static class CallOutcome
{
    /// <summary>The exception that an await of the task would throw, with its stack.</summary>
    public static Exception ExceptionOf(Task finished)
    {
        if (finished.Exception is { } faults)
        {
            return faults.InnerExceptions[0];
        }

        try
        {
            finished.GetAwaiter().GetResult(); // finished and cancelled: throws at once, never waits
            throw new InvalidOperationException("The task has not failed.");
        }
        catch (OperationCanceledException cancelled)
        {
            return cancelled;
        }
    }
}

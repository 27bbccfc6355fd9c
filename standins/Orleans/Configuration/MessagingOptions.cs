namespace Orleans.Configuration;

/// <summary>Limits of grain calls.</summary>
public abstract class MessagingOptions
{
    /// <summary>Time after which a caller that has no answer gets a <see cref="TimeoutException"/>.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Limits of grain calls in a silo.</summary>
public class SiloMessagingOptions : MessagingOptions
{
    /// <summary>
    /// Calls that one activation may have running and waiting before it refuses more with <see cref="Runtime.LimitExceededException"/>;
    /// zero for no limit. Orleans has none by default; here nothing is unbounded.
    /// </summary>
    public int MaxEnqueuedRequestsHardLimit { get; set; } = 10_000;
}

/// <summary>Limits of grain calls in a client.</summary>
public class ClientMessagingOptions : MessagingOptions;

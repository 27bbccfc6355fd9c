using Azure;

namespace RPort.Gateway.Payloads.Blob;

/// <summary>Tells a store that is away from everything else.</summary>
internal static class BlobFailure
{
    /// <summary>Runs one request against the store, for at most <paramref name="limit"/>. A store that is away becomes a <see cref="PayloadStoreUnavailableException"/>.</summary>
    public static async Task<T> GuardAsync<T>(Func<CancellationToken, Task<T>> request, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(limit);
        try
        {
            return await request(deadline.Token);
        }
        catch (Exception e) when (IsAway(e) || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new PayloadStoreUnavailableException("The payload storage does not answer.", e);
        }
    }

    /// <summary>True where the same request may succeed later: no answer at all, throttling, a failing or refusing store.</summary>
    public static bool IsAway(Exception e) => e switch
    {
        RequestFailedException failed => failed.Status is 0 or 401 or 403 or 408 or 429 or >= 500,
        AggregateException many => many.InnerExceptions.All(IsAway), // the client's own retries
        IOException or HttpRequestException => true,
        _ => false,
    };
}

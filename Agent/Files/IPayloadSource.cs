namespace RPort.Agent.Files;

/// <summary>Where the bytes of a push come from: the gateway at the other end of one connection.</summary>
internal interface IPayloadSource
{
    /// <summary>Reads the payload from <paramref name="offset"/> to its end.</summary>
    /// <param name="sourcePath">The opaque path of the order (<see cref="Protocol.UploadOrder.SourceFilePath"/>); good on this connection only.</param>
    /// <param name="offset">Bytes the caller has already.</param>
    /// <param name="length">The payload's whole length where the order says it; spares asking the gateway for it.</param>
    /// <param name="sink">Takes the bytes in order. Its memory is valid until the returned task completes. What it throws ends the fetch unchanged.</param>
    /// <param name="cancellationToken">Ends the fetch.</param>
    /// <returns>Bytes given to the sink.</returns>
    /// <exception cref="IOException">The connection was lost. The order waits for the gateway to hand it out again.</exception>
    /// <exception cref="PayloadUnavailableException">The gateway refuses the path: this order cannot succeed.</exception>
    Task<long> FetchAsync(string sourcePath, long offset, long? length, Func<ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancellationToken);
}

/// <summary>The gateway does not give the payload of an order (no such file, permission denied).</summary>
internal sealed class PayloadUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

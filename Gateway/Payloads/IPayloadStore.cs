using RPort.Grains.Abstractions;

namespace RPort.Gateway.Payloads;

/// <summary>Keeps the bytes of pushes until their last target has reported. Every gateway of a cluster sees the same store.</summary>
internal interface IPayloadStore
{
    /// <summary>Starts a payload that nobody sees until it is committed. Throws <see cref="PayloadStoreUnavailableException"/>.</summary>
    Task<IPayloadWriter> CreateAsync(CancellationToken cancellationToken);

    /// <summary>Opens a payload; null when there is none. Any number of readers may be open at a time; together they cost the store one reading.</summary>
    Task<IPayloadReader?> OpenReadAsync(UploadId upload, CancellationToken cancellationToken);

    /// <summary>Deletes a payload, if it is there. Readers that are open may still finish or may fail.</summary>
    Task DeleteAsync(UploadId upload, CancellationToken cancellationToken);

    /// <summary>Drops what this process keeps of a payload that another process has deleted or will delete.</summary>
    Task ForgetAsync(UploadId upload);

    /// <summary>Every committed payload, for the sweeper.</summary>
    IAsyncEnumerable<StoredPayload> ListAsync(CancellationToken cancellationToken);

    /// <summary>Removes what interrupted uploads have left and is older than <paramref name="age"/>.</summary>
    Task RemoveUnfinishedAsync(TimeSpan age, CancellationToken cancellationToken);
}

/// <summary>A payload being written. Disposing it before the commit leaves nothing behind. One caller at a time.</summary>
internal interface IPayloadWriter : IAsyncDisposable
{
    /// <summary>Appends bytes; the buffer is free again on return.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Makes the payload durable under this id, in one step. False: a payload of this id exists (it is untouched, and this one is dropped).</summary>
    Task<bool> CommitAsync(UploadId upload, CancellationToken cancellationToken);
}

/// <summary>An open payload. Reads at different offsets may run at the same time.</summary>
internal interface IPayloadReader : IAsyncDisposable
{
    /// <summary>The payload's length in bytes.</summary>
    long Length { get; }

    /// <summary>Fills the buffer from <paramref name="offset"/>, less only at the end; 0 at or behind the end. Waits while the bytes are still on their way from the store.</summary>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken);
}

/// <summary>A committed payload.</summary>
internal readonly record struct StoredPayload(UploadId Upload, DateTimeOffset WrittenAt);

/// <summary>The store cannot be reached or has no room: nothing was kept, the same request may succeed later.</summary>
internal sealed class PayloadStoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

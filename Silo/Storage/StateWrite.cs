namespace RPort.Silo.Storage;

/// <summary>One change that waits for the writer.</summary>
/// <param name="Key">What is written.</param>
/// <param name="Payload">The new content; null deletes.</param>
/// <param name="Expected">The etag the record must have; null where there must be no record.</param>
internal sealed record StateWrite(StateKey Key, ReadOnlyMemory<byte>? Payload, long? Expected)
{
    private readonly TaskCompletionSource<StateWriteResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes once the change is durable or known not to be.</summary>
    public Task<StateWriteResult> Done => _done.Task;

    public void Succeed(StateWriteResult result) => _done.TrySetResult(result);

    public void Fail(Exception reason) => _done.TrySetException(reason);
}

/// <summary>Names a record: which state of which grain.</summary>
internal readonly record struct StateKey(string Name, string Grain);

/// <summary>What became of a change.</summary>
/// <param name="Written">False where the record had another etag.</param>
/// <param name="Etag">The etag of the new content; where it was not written, the one found (0 for no record).</param>
internal readonly record struct StateWriteResult(bool Written, long Etag);

/// <summary>A record as read.</summary>
internal readonly record struct StoredState(long Etag, byte[] Payload);

namespace RPort.Ssh;

/// <summary>One channel of a connection (RFC 4254 §5): a duplex byte stream with requests beside it.</summary>
public sealed class SshChannel : IAsyncDisposable
{
    internal SshChannel()
    {
    }

    /// <summary>The channel type given when it was opened.</summary>
    public string Type => throw new NotImplementedException();

    /// <summary>The connection it belongs to.</summary>
    public SshConnection Connection => throw new NotImplementedException();

    /// <summary>Answers requests of the peer on this channel; without one they are refused.</summary>
    public Func<SshChannelRequest, CancellationToken, ValueTask<bool>>? RequestHandler { get; set; }

    /// <summary>Keeps extended data (RFC 4254 §5.2) for <see cref="ReadExtendedAsync"/>. Otherwise it is dropped and its window returned.</summary>
    public bool KeepExtendedData { get; set; }

    /// <summary>Completes when both sides have sent CHANNEL_CLOSE, or the connection is gone.</summary>
    public Task Closed => throw new NotImplementedException();

    /// <summary>Reads data; 0 is the peer's EOF.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Reads extended data of any type; 0 is the peer's EOF.</summary>
    public ValueTask<int> ReadExtendedAsync(Memory<byte> buffer, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Writes data; waits for the peer's window.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Writes extended data; type 1 is stderr.</summary>
    public ValueTask WriteExtendedAsync(uint dataType, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Ends our direction; reading goes on.</summary>
    public ValueTask SendEofAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Sends a channel request and waits for the reply.</summary>
    public ValueTask<bool> RequestAsync(string type, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Sends an exit status (RFC 4254 §6.10).</summary>
    public ValueTask SendExitStatusAsync(uint status, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Sends CHANNEL_CLOSE. Does not wait for the peer's.</summary>
    public ValueTask CloseAsync() => throw new NotImplementedException();

    /// <summary>Closes.</summary>
    public ValueTask DisposeAsync() => CloseAsync();

    /// <summary>The channel as a stream. Disposing the stream closes the channel.</summary>
    public Stream AsStream() => throw new NotImplementedException();
}

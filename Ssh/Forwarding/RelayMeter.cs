namespace RPort.Ssh.Forwarding;

/// <summary>Bytes that went through any number of relays. Thread-safe.</summary>
public sealed class RelayMeter
{
    private long _toChannel;
    private long _toSocket;

    /// <summary>Bytes taken from sockets and given to channels.</summary>
    public long ToChannel => Interlocked.Read(ref _toChannel);

    /// <summary>Bytes taken from channels and given to sockets.</summary>
    public long ToSocket => Interlocked.Read(ref _toSocket);

    /// <summary>Counts bytes that went without a relay, such as datagrams.</summary>
    /// <param name="bytes">How many.</param>
    public void AddToChannel(long bytes) => Interlocked.Add(ref _toChannel, bytes);

    /// <summary>Counts bytes that went without a relay, such as datagrams.</summary>
    /// <param name="bytes">How many.</param>
    public void AddToSocket(long bytes) => Interlocked.Add(ref _toSocket, bytes);
}

namespace RPort.Ssh.Connection;

/// <summary>What the windows of all channels of a connection may grant together, so that a peer can not fill a thousand large windows.</summary>
internal sealed class ReceiveBudget(long totalBytes)
{
    /// <summary>A new channel gets this much even when nothing is left: without a window it could not work at all.</summary>
    public const int FloorBytes = 64 * 1024;

    private readonly Lock _gate = new();
    private long _left = totalBytes;

    /// <summary>Takes a first window.</summary>
    public int TakeInitial(int wantedBytes)
    {
        lock (_gate)
        {
            int granted = _left >= wantedBytes ? wantedBytes : Math.Min(wantedBytes, FloorBytes);
            _left -= granted;
            return granted;
        }
    }

    /// <summary>Takes more, or nothing when it is not there.</summary>
    public int TakeMore(int wantedBytes)
    {
        lock (_gate)
        {
            int granted = _left >= wantedBytes ? wantedBytes : 0;
            _left -= granted;
            return granted;
        }
    }

    public void Return(int bytes)
    {
        lock (_gate)
        {
            _left += bytes;
        }
    }
}

namespace RPort.Ssh.Connection;

/// <summary>The channels of a connection by our number for them. Numbers are given out again, smallest first.</summary>
internal sealed class ChannelTable(int maxChannels)
{
    private readonly Lock _gate = new();
    private SshChannel?[] _channels = new SshChannel?[4];
    private int _count;
    private SshCloseReason? _closed;

    /// <summary>Makes a channel with a free number and keeps it; null when the table is full.</summary>
    /// <exception cref="SshConnectionClosedException">The connection is closed.</exception>
    public SshChannel? TryAdd(Func<uint, SshChannel> create)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                throw new SshConnectionClosedException(_closed);
            }

            if (_count == maxChannels)
            {
                return null;
            }

            int free = Array.IndexOf(_channels, null);
            if (free < 0)
            {
                free = _channels.Length;
                Array.Resize(ref _channels, Math.Min(maxChannels, _channels.Length * 2));
            }

            SshChannel channel = create((uint)free);
            _channels[free] = channel;
            _count++;
            return channel;
        }
    }

    public SshChannel? Find(uint number)
    {
        lock (_gate)
        {
            return number < (uint)_channels.Length ? _channels[number] : null;
        }
    }

    public void Remove(uint number)
    {
        lock (_gate)
        {
            if (_channels[number] is not null)
            {
                _channels[number] = null;
                _count--;
            }
        }
    }

    /// <summary>Takes no more channels.</summary>
    /// <returns>The channels there are.</returns>
    public SshChannel[] Close(SshCloseReason reason)
    {
        lock (_gate)
        {
            _closed ??= reason;
            return [.. _channels.OfType<SshChannel>()];
        }
    }
}

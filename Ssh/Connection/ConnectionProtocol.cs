using RPort.Ssh.Transport;
using RPort.Ssh.Wire;

namespace RPort.Ssh.Connection;

/// <summary>
/// The connection protocol (RFC 4254): global requests and channels, for both roles. Messages come from the receive loop; what the application decides
/// is asked on the thread pool, in order.
/// </summary>
internal sealed class ConnectionProtocol
{
    private readonly ChannelTable _channels;
    private readonly SerialWork _incoming;
    private readonly int _maxChannelDataBytes;

    public ConnectionProtocol(SshConnection connection, PacketSender sender, ISshPeerHandler handler)
    {
        SshConnectionOptions options = connection.Options;
        _maxChannelDataBytes = options.MaxChannelDataBytes;
        _channels = new ChannelTable(options.MaxChannels);
        _incoming = new SerialWork(connection.Closing, connection.ReportFailure);
        Requests = new GlobalRequests(connection, sender, handler, _incoming);
        Opens = new ChannelOpens(connection, sender, handler, _incoming, _channels);
    }

    public GlobalRequests Requests { get; }

    public ChannelOpens Opens { get; }

    /// <summary>Handles the messages from 80 up.</summary>
    /// <returns>False for a number that is not known.</returns>
    /// <exception cref="SshProtocolException">Malformed, out of order, or over a limit.</exception>
    public bool TryHandle(MessageNumber number, ReadOnlySpan<byte> body)
    {
        switch (number)
        {
            case MessageNumber.GlobalRequest:
                Requests.OnRequest(body);
                return true;
            case MessageNumber.RequestSuccess or MessageNumber.RequestFailure:
                Requests.OnReply(new SshReply(number == MessageNumber.RequestSuccess, body.ToArray()));
                return true;
            case MessageNumber.ChannelOpen:
                Opens.OnOpen(body);
                return true;
            case MessageNumber.ChannelOpenConfirmation:
                Opens.OnConfirmation(body);
                return true;
            case MessageNumber.ChannelOpenFailure:
                Opens.OnFailure(body);
                return true;
            case >= MessageNumber.ChannelWindowAdjust and <= MessageNumber.ChannelFailure:
                OnChannelMessage(number, body);
                return true;
            default:
                return false;
        }
    }

    /// <summary>The connection ended: everything that waits, waits no more.</summary>
    public void Abort(SshCloseReason reason)
    {
        foreach (SshChannel channel in _channels.Close(reason))
        {
            channel.Abort(reason);
        }

        Requests.Abort(reason);
    }

    /// <summary>Completes when no function of the application runs any more.</summary>
    public async Task WhenIdleAsync()
    {
        await _incoming.Pump.ConfigureAwait(false);
        await Requests.WhenAnsweredAsync().ConfigureAwait(false);
        await Opens.WhenDecidedAsync().ConfigureAwait(false);
        foreach (SshChannel channel in _channels.Close(new SshCloseReason(SshDisconnectReason.None, "closed", ByPeer: false)))
        {
            await channel.Serving.ConfigureAwait(false);
        }
    }

    private void OnChannelMessage(MessageNumber number, ReadOnlySpan<byte> body)
    {
        SshReader reader = new(body);
        if (!reader.TryReadUInt32(out uint recipient)
            || _channels.Find(recipient) is not { } channel
            || channel.IsOpening)
        {
            throw new SshProtocolException($"Message {(byte)number} names a channel that is not open.");
        }

        switch (number)
        {
            case MessageNumber.ChannelData when reader.TryReadString(_maxChannelDataBytes, out ReadOnlySpan<byte> data) && reader.AtEnd:
                channel.Input.Receive(data, extended: false);
                break;
            case MessageNumber.ChannelExtendedData when reader.TryReadUInt32(out _)
                && reader.TryReadString(_maxChannelDataBytes, out ReadOnlySpan<byte> data) && reader.AtEnd:
                channel.Input.Receive(data, extended: true);
                break;
            case MessageNumber.ChannelWindowAdjust when reader.TryReadUInt32(out uint bytes) && reader.AtEnd:
                channel.Output.Adjust(bytes);
                break;
            case MessageNumber.ChannelEof when reader.AtEnd:
                channel.PeerSentEof = true;
                channel.Input.End();
                break;
            case MessageNumber.ChannelClose when reader.AtEnd:
                channel.OnPeerClose();
                break;
            case MessageNumber.ChannelRequest when RequestMessage.TryRead(reader.Rest, out RequestMessage request):
                channel.Requests.OnRequest(request);
                break;
            case MessageNumber.ChannelSuccess or MessageNumber.ChannelFailure when reader.AtEnd:
                channel.Requests.OnReply(number == MessageNumber.ChannelSuccess);
                break;
            default:
                throw new SshProtocolException($"Channel message {(byte)number} is malformed or too large.");
        }
    }
}

using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RPort.Protocol.Udp;

/// <summary>
/// Who sent a datagram, or shall get it: an address as it stands in a frame, of 4 or 16 bytes, with port and zone. Compared by these; an IPv4 address
/// and the same one in IPv6 form are two. The default value is nobody: a frame without an address.
/// </summary>
public readonly record struct UdpPeer
{
    /// <summary>The longest zone, in bytes of UTF-8.</summary>
    public const int MaxZoneBytes = 64;

    private const int V4Bytes = 4;
    private const int V6Bytes = 16;

    private readonly UInt128 _address;
    private readonly byte _addressBytes;
    private readonly ushort _port;
    private readonly string? _zone;

    private UdpPeer(ReadOnlySpan<byte> address, ushort port, string? zone)
    {
        _addressBytes = (byte)address.Length;
        _address = address.Length switch
        {
            V4Bytes => BinaryPrimitives.ReadUInt32BigEndian(address),
            V6Bytes => BinaryPrimitives.ReadUInt128BigEndian(address),
            _ => 0,
        };
        _port = port;
        _zone = string.IsNullOrEmpty(zone) ? null : zone;
    }

    /// <summary>The port; 0 where the frame names none.</summary>
    public int Port => _port;

    /// <summary>The zone of a link-local IPv6 address, a number or the name of a network interface at the end that saw the peer; mostly empty.</summary>
    public string Zone => _zone ?? "";

    /// <summary>0 where the frame holds no address, else 4 or 16.</summary>
    public int AddressBytes => _addressBytes;

    /// <summary>What a socket names as the sender. IPv4 in IPv6 form, as sockets for both kinds report it, becomes plain IPv4.</summary>
    /// <param name="endPoint">The sender.</param>
    /// <returns>The peer.</returns>
    public static UdpPeer From(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        IPAddress address = endPoint.Address.IsIPv4MappedToIPv6 ? endPoint.Address.MapToIPv4() : endPoint.Address;
        Span<byte> bytes = stackalloc byte[V6Bytes];
        address.TryWriteBytes(bytes, out int written);
        bool scoped = address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0;
        return new UdpPeer(bytes[..written], (ushort)endPoint.Port, scoped ? address.ScopeId.ToString(CultureInfo.InvariantCulture) : null);
    }

    /// <summary>The peer as a socket takes it. An IPv4 address stays one: a socket for both kinds wants it mapped.</summary>
    /// <returns>Null without an address, and for a zone that is no number: a name means nothing here.</returns>
    public IPEndPoint? ToEndPoint()
    {
        Span<byte> bytes = stackalloc byte[V6Bytes];
        long scope = 0;
        bool known = _addressBytes > 0 && (_zone is null || long.TryParse(_zone, NumberStyles.None, CultureInfo.InvariantCulture, out scope) && scope <= uint.MaxValue);
        if (!known)
        {
            return null;
        }

        bytes = bytes[..CopyAddressTo(bytes)];
        return new IPEndPoint(bytes.Length == V6Bytes ? new IPAddress(bytes, scope) : new IPAddress(bytes), _port);
    }

    /// <summary>For people.</summary>
    /// <returns>Address, zone and port.</returns>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[V6Bytes];
        bytes = bytes[..CopyAddressTo(bytes)];
        string address = bytes.IsEmpty ? "" : new IPAddress(bytes).ToString();
        string zone = _zone is null ? "" : "%" + _zone;
        return bytes.Length == V6Bytes ? $"[{address}{zone}]:{_port}" : $"{address}{zone}:{_port}";
    }

    /// <summary>Reads the values of one frame.</summary>
    /// <returns>False where there can be no such peer.</returns>
    internal static bool TryMake(ReadOnlySpan<byte> address, long port, string zone, out UdpPeer peer)
    {
        bool possible = address.Length is 0 or V4Bytes or V6Bytes && port is >= 0 and <= ushort.MaxValue && Encoding.UTF8.GetByteCount(zone) <= MaxZoneBytes;
        peer = possible ? new UdpPeer(address, (ushort)port, zone) : default;
        return possible;
    }

    internal int CopyAddressTo(Span<byte> destination)
    {
        if (_addressBytes == V4Bytes)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_address);
        }
        else if (_addressBytes == V6Bytes)
        {
            BinaryPrimitives.WriteUInt128BigEndian(destination, _address);
        }

        return _addressBytes;
    }
}

using System.Net;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace RPort.Gateway.Access;

/// <summary>
/// Who is really calling. <c>X-Forwarded-For</c> is believed only from the proxies of <c>Api:TrustedProxies</c>, and read from its right end:
/// the first address that is not such a proxy is the caller, whatever stands to the left of it, since anybody can write that.
/// </summary>
internal sealed class ClientAddress
{
    /// <summary>More hops than any real chain has; a longer header is cut here.</summary>
    private const int MaxHops = 16;

    private readonly IPNetwork[] _trusted;

    public ClientAddress(IOptions<AccessOptions> options) => _trusted = [.. options.Value.TrustedProxies.Select(Parse)];

    /// <summary>The caller of this request; IPv4 in IPv4 form. <see cref="IPAddress.None"/> where the transport has no address.</summary>
    public IPAddress Of(HttpContext context)
    {
        IPAddress caller = Plain(context.Connection.RemoteIpAddress);
        if (_trusted.Length == 0 || !IsTrusted(caller))
        {
            return caller;
        }

        foreach (string hop in HopsFromTheRight(context.Request.Headers["X-Forwarded-For"]))
        {
            if (!TryParseHop(hop, out IPAddress? address))
            {
                return caller; // what stands further left was said by somebody who writes nonsense
            }

            caller = address;
            if (!IsTrusted(caller))
            {
                return caller;
            }
        }

        return caller;
    }

    /// <summary>A network in CIDR form, or one address.</summary>
    public static bool TryParseNetwork(string text, out IPNetwork network)
    {
        if (IPAddress.TryParse(text, out IPAddress? single))
        {
            single = Plain(single);
            network = new IPNetwork(single, single.GetAddressBytes().Length * 8);
            return true;
        }

        return IPNetwork.TryParse(text, out network);
    }

    private static IPNetwork Parse(string text) =>
        TryParseNetwork(text, out IPNetwork network) ? network : throw new FormatException($"'{text}' is no address and no network.");

    private static IEnumerable<string> HopsFromTheRight(StringValues headers) =>
        headers.SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Reverse()
            .Take(MaxHops);

    private static bool TryParseHop(string hop, out IPAddress address)
    {
        address = IPAddress.None;
        if (IPAddress.TryParse(hop, out IPAddress? bare))
        {
            address = Plain(bare);
            return true;
        }

        if (IPEndPoint.TryParse(hop, out IPEndPoint? withPort))
        {
            address = Plain(withPort.Address);
            return true;
        }

        return false;
    }

    private bool IsTrusted(IPAddress address)
    {
        foreach (IPNetwork network in _trusted)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    private static IPAddress Plain(IPAddress? address) =>
        address is null ? IPAddress.None : address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}

using System.Net;
using RPort.Gateway.Access;
using RPort.Gateway.Errors;

namespace RPort.Gateway.Tunnels.Api;

/// <summary>Reads who may use a tunnel. Nothing said means the caller alone: a tunnel open to all is only made by saying so.</summary>
internal sealed class AclText(ClientAddress addresses)
{
    private const int MaxLength = 8192;
    private const string Expected =
        "IP addresses and CIDR networks separated by commas are expected, such as 192.0.2.7,10.0.0.0/8,2001:db8::/32; 0.0.0.0/0,::/0 lets everybody in";

    /// <summary>The list in its shortest form; where <paramref name="text"/> is empty, the caller's address.</summary>
    public string Read(string? text, HttpContext context)
    {
        if (!string.IsNullOrWhiteSpace(text))
        {
            return Read(text);
        }

        IPAddress caller = addresses.Of(context);
        return caller.Equals(IPAddress.None)
            ? throw QueryParameters.Bad(ApiErrorCode.InvalidAcl, "Invalid ACL: the caller's address is not known", Expected)
            : TunnelAcl.Of(caller).ToString();
    }

    /// <summary>The list in its shortest form, or an <see cref="ApiFailureException"/> (400).</summary>
    public static string Read(string text)
    {
        if (text.Length > MaxLength)
        {
            throw QueryParameters.Bad(ApiErrorCode.InvalidAcl, $"Invalid ACL: longer than {MaxLength} characters", Expected);
        }

        if (!TunnelAcl.TryParse(text, out TunnelAcl acl, out string broken))
        {
            throw QueryParameters.Bad(ApiErrorCode.InvalidAcl, $"Invalid ACL: {QueryParameters.Shown(broken)}", Expected);
        }

        // Nobody has these addresses: whoever writes one means everybody, and would let nobody in.
        string canonical = acl.ToString();
        return canonical.Split(',').FirstOrDefault(entry => entry is "0.0.0.0" or "::") is { } nobody
            ? throw QueryParameters.Bad(ApiErrorCode.InvalidAcl, $"Invalid ACL: {nobody} would not work", Expected)
            : canonical;
    }
}

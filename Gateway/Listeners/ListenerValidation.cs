using System.Net;
using Microsoft.Extensions.Options;

namespace RPort.Gateway.Listeners;

/// <summary>The rules both listeners share: an address that can be listened on, and a certificate only together with its key.</summary>
internal sealed class ListenerValidation : IValidateOptions<AgentListenerOptions>, IValidateOptions<ApiListenerOptions>
{
    public ValidateOptionsResult Validate(string? name, AgentListenerOptions options) =>
        Check(AgentListenerOptions.Section, options.Address, options.CertificateFile, options.KeyFile);

    public ValidateOptionsResult Validate(string? name, ApiListenerOptions options) =>
        Check(ApiListenerOptions.Section, options.Address, options.CertificateFile, options.KeyFile);

    private static ValidateOptionsResult Check(string section, string address, string certificateFile, string keyFile)
    {
        if (!TryParseEndPoint(address, out _))
        {
            return ValidateOptionsResult.Fail($"{section}:Address ({address}) must be an IP address and a port, such as 127.0.0.1:3000 or [::]:3000.");
        }

        if (certificateFile.Length > 0 != keyFile.Length > 0)
        {
            return ValidateOptionsResult.Fail($"{section}:CertificateFile and {section}:KeyFile must be given together.");
        }

        if (certificateFile.Length == 0)
        {
            return ValidateOptionsResult.Success;
        }

        return TlsCertificate.Obstacle(certificateFile, keyFile) is { } obstacle
            ? ValidateOptionsResult.Fail($"{section}:CertificateFile ({certificateFile}) and {section}:KeyFile ({keyFile}) cannot be read: {obstacle}")
            : ValidateOptionsResult.Success;
    }

    /// <summary>An end point with a port that was written down (0 asks the system for a free one).</summary>
    public static bool TryParseEndPoint(string address, out IPEndPoint endPoint)
    {
        bool written = address.LastIndexOf(':') is int colon and >= 0
            && ushort.TryParse(address.AsSpan(colon + 1), out _)
            && (address.StartsWith('[') || address.IndexOf(':') == colon);
        endPoint = new IPEndPoint(IPAddress.None, 0);
        if (written && IPEndPoint.TryParse(address, out IPEndPoint? parsed))
        {
            endPoint = parsed;
            return true;
        }

        return false;
    }
}

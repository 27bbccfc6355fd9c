using RPort.Gateway.Clients;
using RPort.Gateway.Errors;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Api;

/// <summary>What the API answers where a session did not do with a tunnel what it was asked.</summary>
internal static class TunnelRefusals
{
    /// <summary>There is no such tunnel, or what stands in its place is no number.</summary>
    public static ApiFailure NotFound() =>
        ApiFailure.NotFound("tunnel not found", "the id of a tunnel of this client is expected", ApiErrorCode.TunnelNotFound);

    /// <summary>Why a tunnel was not made.</summary>
    public static ApiFailure OfOpening(Refused refused, string client, TunnelSpec spec, TunnelOptions options) => refused.Reason switch
    {
        RefusalReason.TargetNotAllowed => ApiFailure.BadRequest(
            "Tunnel destination is not allowed by client configuration.", Or(refused, "the agent's setting tunnel_allowed says where tunnels may go"), ApiErrorCode.TargetNotAllowed),
        RefusalReason.TargetNotOpen => ApiFailure.BadRequest(
            $"Port {spec.RemotePort} is not in listening state.", Or(refused, "check_port=0 makes the tunnel all the same"), ApiErrorCode.RemotePortNotOpen),
        RefusalReason.TunnelExists => ApiFailure.BadRequest("Tunnel already exist.", Or(refused, "the client has a tunnel with the same two ends"), ApiErrorCode.TunnelExists),
        RefusalReason.TunnelToTargetExists => ApiFailure.BadRequest(
            $"Tunnel to port {spec.RemotePort} already exists.", Or(refused, "the client has one with the same ACL: use that, or close it"), ApiErrorCode.TunnelToPortExists),
        RefusalReason.TooManyTunnels => ApiFailure.Conflict(
            "The client has too many tunnels.", $"{options.MaxPerClient} are allowed: close some", ApiErrorCode.TooManyTunnels),
        RefusalReason.PortNotAllowed => ApiFailure.BadRequest(
            $"Local port {spec.LocalPort} is not among allowed ports.", Or(refused, "a port of the gateway's setting Tunnels:UsedPorts is expected"), ApiErrorCode.LocalPortNotAllowed),
        RefusalReason.PortInUse when spec.LocalPort == 0 => new ApiFailure(
            StatusCodes.Status503ServiceUnavailable, [new ApiError(ApiErrorCode.NoLocalPortFree, "No local port is free.", Or(refused, "close tunnels nobody needs"))]),
        RefusalReason.PortInUse => ApiFailure.BadRequest(
            $"Port {spec.LocalPort} already in use.", Or(refused, "another port is expected, or none for any free one"), ApiErrorCode.LocalPortInUse),
        RefusalReason.AddressUnusable => ApiFailure.BadRequest(
            $"Local address {spec.LocalHost} can not be listened on.", Or(refused, "an address of the client's gateway is expected, or none for all of them"), ApiErrorCode.LocalAddressUnusable),
        _ => SessionRefusals.Failure(refused, client),
    };

    /// <summary>Why a tunnel was not changed or closed.</summary>
    public static ApiFailure OfChange(Refused refused, string client) => refused.Reason switch
    {
        RefusalReason.TunnelNotFound => NotFound(),
        RefusalReason.TunnelInUse => ApiFailure.Conflict(
            $"tunnel has {refused.Detail} active connection(s)", "force=true closes it all the same", ApiErrorCode.TunnelInUse),
        _ => SessionRefusals.Failure(refused, client),
    };

    private static string Or(Refused refused, string otherwise) => refused.Detail.Length > 0 ? refused.Detail : otherwise;
}
